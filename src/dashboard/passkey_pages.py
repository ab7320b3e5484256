"""Passkeys: sign in with one at ``/login``; add, rename and remove them at ``/account``."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import msgspec
from litestar import MediaType, Response, get, post
from litestar.datastructures import Cookie
from litestar.params import FromPath

from accounts.account_services import ACCOUNT_SERVICES
from accounts.auth import browser_of, current_actor, current_viewer, raw_session_id, session_cookie
from accounts.passkey_ceremony import CHALLENGE_LIFETIME, PasskeyOptions
from accounts.passkey_settings import CurrentSession, PasskeySettings, RemovalProof
from dashboard.account_settings import Visit, new_session_cookie, redirect_or_form
from dashboard.auth_pages import own_path, render_sign_in_refused
from dashboard.guards import loads_memberships
from dashboard.pages import page_headers, redirect, render
from kit.errors import DomainError, NotFound, ValidationFailed
from kit.http.app_key import SETTINGS
from kit.http.forms import Form, ensure_valid_text, read_form
from kit.http.problems import problem_headers, status_of

_COOKIE = "passkey"
"""Cookie with the encrypted challenge of the question that this browser was asked last."""
_SIGN_IN_PATH = "/login/passkey"
_ACCOUNT_PATH = "/account/passkeys"


@post("/login/passkey/options", status_code=200)
async def sign_in_options(request: Visit) -> Response[str]:
    """The question for the page's script; it is the same for everybody."""
    await read_form(request, "credential", "next")
    authenticator = ACCOUNT_SERVICES.get(request.app).authenticator

    async def ask() -> PasskeyOptions:
        return authenticator.make_passkey_options()

    return await _question(request, ask, _SIGN_IN_PATH)


@post("/login/passkey", status_code=200)
async def sign_in_with_passkey(request: Visit) -> Response[str]:
    form = await read_form(request, "credential", "next")
    back = own_path(form["next"])
    try:
        ensure_valid_text(form)
        signed_in = await ACCOUNT_SERVICES.get(request.app).authenticator.sign_in_with_passkey(
            credential=form["credential"],
            encrypted_challenge=request.cookies.get(_COOKIE),
            browser=browser_of(request),
            replaces=raw_session_id(request),
        )
    except DomainError as error:
        return await render_sign_in_refused(request, Form({}), error, back=back)
    cookies = [session_cookie(SETTINGS.get(request.app).public_url, signed_in.raw)]
    return redirect(request, back, cookies=[*cookies, _ticket_cookie(request, None, _SIGN_IN_PATH)])


@post("/account/passkeys/options", guards=[loads_memberships], status_code=200)
async def new_passkey_options(request: Visit) -> Response[str]:
    """Check the password and return the question for the page's script."""
    form = await read_form(request, "name", "password", "credential")

    async def ask() -> PasskeyOptions:
        ensure_valid_text(form)
        ip_address, password = browser_of(request).ip_address, form["password"]
        return await _settings(request).make_registration_options(
            _who(request), password=password, ip_address=ip_address
        )

    return await _question(request, ask, _ACCOUNT_PATH)


@post("/account/passkeys", guards=[loads_memberships], status_code=200)
async def add_passkey(request: Visit) -> Response[str]:
    # The password was checked with the question, which the ticket proves.
    sent = await read_form(request, "name", "password", "credential")
    form = Form({"name": sent["name"]})

    async def work() -> Response[str]:
        raw = await _settings(request).add(
            _who(request),
            name=form["name"],
            credential=sent["credential"],
            encrypted_challenge=request.cookies.get(_COOKIE),
            by=current_actor(request),
        )
        return redirect(request, "/account", "Your passkey is added.", cookies=_renewed(request, raw))

    return await redirect_or_form(request, "passkey", form, work)


@get("/account/passkeys/{passkey_id:uuid}", guards=[loads_memberships])
async def passkey_page(request: Visit, passkey_id: FromPath[UUID]) -> Response[str]:
    return await _page(request, passkey_id)


@post("/account/passkeys/{passkey_id:uuid}/name", guards=[loads_memberships], status_code=200)
async def rename_passkey(request: Visit, passkey_id: FromPath[UUID]) -> Response[str]:
    form = await read_form(request, "name")
    try:
        user_id = current_viewer(request).user_id
        await _settings(request).rename(user_id, passkey_id, name=form["name"], by=current_actor(request))
    except ValidationFailed as error:
        return await _page(request, passkey_id, status=status_of(error), rename=form.refused(error))
    return redirect(request, "/account", "The passkey's name is saved.")


@post("/account/passkeys/removal-options", guards=[loads_memberships], status_code=200)
async def removal_options(request: Visit) -> Response[str]:
    """The question for a passkey of the person who removes one."""
    await read_form(request, "password", "credential")

    async def ask() -> PasskeyOptions:
        return _settings(request).make_removal_options(_who(request))

    return await _question(request, ask, _ACCOUNT_PATH)


@post("/account/passkeys/{passkey_id:uuid}/remove", guards=[loads_memberships], status_code=200)
async def remove_passkey(request: Visit, passkey_id: FromPath[UUID]) -> Response[str]:
    form = await read_form(request, "password", "code", "credential")
    proof = RemovalProof(form["password"], form["code"], form["credential"], request.cookies.get(_COOKIE))
    try:
        ensure_valid_text(form)
        raw = await _settings(request).remove(_who(request), passkey_id, proof=proof, by=current_actor(request))
    except NotFound:
        raise
    except DomainError as error:
        refused = Form({"password": "", "code": ""}).refused(error)
        response = await _page(request, passkey_id, status=status_of(error), remove=refused)
        response.headers.update(problem_headers(error))
        return response
    return redirect(request, "/account", "The passkey is removed.", cookies=_renewed(request, raw))


HANDLERS = (
    sign_in_options,
    sign_in_with_passkey,
    new_passkey_options,
    add_passkey,
    passkey_page,
    rename_passkey,
    removal_options,
    remove_passkey,
)


async def _page(request: Visit, passkey_id: UUID, *, status: int = 200, **forms: Form) -> Response[str]:
    account, passkey = await _settings(request).get(current_viewer(request).user_id, passkey_id)
    has_app = account.totp_enabled_at is not None
    return render(request, "accounts/passkey.html", status=status, passkey=passkey, has_app=has_app, forms=forms)


async def _question(request: Visit, ask: Callable[[], Awaitable[PasskeyOptions]], path: str) -> Response[str]:
    """The question as JSON, with its ticket in a cookie; of a refusal the sentence."""
    headers = page_headers(SETTINGS.get(request.app))
    try:
        question = await ask()
    except DomainError as error:
        message = error.errors[0][1] if isinstance(error, ValidationFailed) else error.message
        refusal = msgspec.json.encode({"message": f"{message}."}).decode()
        headers |= problem_headers(error)
        return Response(refusal, media_type=MediaType.JSON, status_code=status_of(error), headers=headers)
    cookie = _ticket_cookie(request, question.encrypted_challenge, path)
    return Response(question.options_json, media_type=MediaType.JSON, headers=headers, cookies=[cookie])


def _ticket_cookie(request: Visit, ticket: str | None, path: str) -> Cookie:
    return Cookie(
        key=_COOKIE,
        value=ticket or "",
        max_age=int(CHALLENGE_LIFETIME.total_seconds()) if ticket else 0,
        path=path,
        httponly=True,
        secure=SETTINGS.get(request.app).public_is_https,
        samesite="strict",
    )


def _renewed(request: Visit, raw: str) -> list[Cookie]:
    return [new_session_cookie(request, raw), _ticket_cookie(request, None, _ACCOUNT_PATH)]


def _who(request: Visit) -> CurrentSession:
    viewer = current_viewer(request)
    return CurrentSession(viewer.user_id, viewer.session_id)


def _settings(request: Visit) -> PasskeySettings:
    return ACCOUNT_SERVICES.get(request.app).passkey_settings
