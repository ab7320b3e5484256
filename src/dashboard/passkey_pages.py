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
"""Cookie with the encrypted challenge of the last WebAuthn options that this browser got."""
_SIGN_IN_PATH = "/login/passkey"
_ACCOUNT_PATH = "/account/passkeys"


@post("/login/passkey/options", status_code=200)
async def sign_in_options(request: Visit) -> Response[str]:
    """The WebAuthn options for the page's script; they depend on no account."""
    await read_form(request, "credential", "next")  # refuses other fields
    sign_in_manager = ACCOUNT_SERVICES.get(request.app).sign_in_manager

    async def make_options() -> PasskeyOptions:
        return sign_in_manager.make_passkey_options()

    return await _options_response(request, make_options, _SIGN_IN_PATH)


@post("/login/passkey", status_code=200)
async def sign_in_with_passkey(request: Visit) -> Response[str]:
    form = await read_form(request, "credential", "next")
    next_path = own_path(form["next"])
    try:
        ensure_valid_text(form)
        started_session = await ACCOUNT_SERVICES.get(request.app).sign_in_manager.sign_in_with_passkey(
            credential=form["credential"],
            encrypted_challenge=request.cookies.get(_COOKIE),
            browser=browser_of(request),
            replaces=raw_session_id(request),
        )
    except DomainError as error:
        return await render_sign_in_refused(request, Form({}), error, next_path=next_path)
    cookies = [session_cookie(SETTINGS.get(request.app).public_url, started_session.raw)]
    return redirect(request, next_path, cookies=[*cookies, _challenge_cookie(request, None, _SIGN_IN_PATH)])


@post("/account/passkeys/options", guards=[loads_memberships], status_code=200)
async def new_passkey_options(request: Visit) -> Response[str]:
    """Check the password and return the WebAuthn options for the page's script."""
    form = await read_form(request, "name", "password", "credential")

    async def make_options() -> PasskeyOptions:
        ensure_valid_text(form)
        ip_address, password = browser_of(request).ip_address, form["password"]
        return await _passkey_settings(request).make_registration_options(
            _current_session(request), password=password, ip_address=ip_address
        )

    return await _options_response(request, make_options, _ACCOUNT_PATH)


@post("/account/passkeys", guards=[loads_memberships], status_code=200)
async def add_passkey(request: Visit) -> Response[str]:
    # The password was checked when the options were made; the challenge in the cookie proves that.
    submitted = await read_form(request, "name", "password", "credential")
    form = Form({"name": submitted["name"]})

    async def work() -> Response[str]:
        session_token = await _passkey_settings(request).add(
            _current_session(request),
            name=form["name"],
            credential=submitted["credential"],
            encrypted_challenge=request.cookies.get(_COOKIE),
            by=current_actor(request),
        )
        return redirect(request, "/account", "Your passkey is added.", cookies=_renewed_cookies(request, session_token))

    return await redirect_or_form(request, "passkey", form, work)


@get("/account/passkeys/{passkey_id:uuid}", guards=[loads_memberships])
async def passkey_page(request: Visit, passkey_id: FromPath[UUID]) -> Response[str]:
    return await _page(request, passkey_id)


@post("/account/passkeys/{passkey_id:uuid}/name", guards=[loads_memberships], status_code=200)
async def rename_passkey(request: Visit, passkey_id: FromPath[UUID]) -> Response[str]:
    form = await read_form(request, "name")
    try:
        user_id = current_viewer(request).user_id
        await _passkey_settings(request).rename(user_id, passkey_id, name=form["name"], by=current_actor(request))
    except ValidationFailed as error:
        return await _page(request, passkey_id, status=status_of(error), rename=form.refused(error))
    return redirect(request, "/account", "The passkey's name is saved.")


@post("/account/passkeys/removal-options", guards=[loads_memberships], status_code=200)
async def removal_options(request: Visit) -> Response[str]:
    """The WebAuthn options with which a person proves to have a passkey before one is removed."""
    await read_form(request, "password", "credential")  # refuses other fields

    async def make_options() -> PasskeyOptions:
        return _passkey_settings(request).make_removal_options(_current_session(request))

    return await _options_response(request, make_options, _ACCOUNT_PATH)


@post("/account/passkeys/{passkey_id:uuid}/remove", guards=[loads_memberships], status_code=200)
async def remove_passkey(request: Visit, passkey_id: FromPath[UUID]) -> Response[str]:
    form = await read_form(request, "password", "code", "credential")
    proof = RemovalProof(form["password"], form["code"], form["credential"], request.cookies.get(_COOKIE))
    try:
        ensure_valid_text(form)
        session_token = await _passkey_settings(request).remove(
            _current_session(request), passkey_id, proof=proof, by=current_actor(request)
        )
    except NotFound:
        raise
    except DomainError as error:
        refused = Form({"password": "", "code": ""}).refused(error)
        response = await _page(request, passkey_id, status=status_of(error), remove=refused)
        response.headers.update(problem_headers(error))
        return response
    return redirect(request, "/account", "The passkey is removed.", cookies=_renewed_cookies(request, session_token))


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
    account, passkey = await _passkey_settings(request).get(current_viewer(request).user_id, passkey_id)
    has_app = account.totp_enabled_at is not None
    return render(request, "accounts/passkey.html", status=status, passkey=passkey, has_app=has_app, forms=forms)


async def _options_response(
    request: Visit, make_options: Callable[[], Awaitable[PasskeyOptions]], path: str
) -> Response[str]:
    """The WebAuthn options as JSON, with the encrypted challenge in a cookie; for a refusal its sentence."""
    headers = page_headers(SETTINGS.get(request.app))
    try:
        options = await make_options()
    except DomainError as error:
        message = error.errors[0][1] if isinstance(error, ValidationFailed) else error.message
        refusal = msgspec.json.encode({"message": f"{message}."}).decode()
        headers |= problem_headers(error)
        return Response(refusal, media_type=MediaType.JSON, status_code=status_of(error), headers=headers)
    cookie = _challenge_cookie(request, options.encrypted_challenge, path)
    return Response(options.options_json, media_type=MediaType.JSON, headers=headers, cookies=[cookie])


def _challenge_cookie(request: Visit, encrypted_challenge: str | None, path: str) -> Cookie:
    return Cookie(
        key=_COOKIE,
        value=encrypted_challenge or "",
        max_age=int(CHALLENGE_LIFETIME.total_seconds()) if encrypted_challenge else 0,
        path=path,
        httponly=True,
        secure=SETTINGS.get(request.app).public_is_https,
        samesite="strict",
    )


def _renewed_cookies(request: Visit, session_token: str) -> list[Cookie]:
    return [new_session_cookie(request, session_token), _challenge_cookie(request, None, _ACCOUNT_PATH)]


def _current_session(request: Visit) -> CurrentSession:
    viewer = current_viewer(request)
    return CurrentSession(viewer.user_id, viewer.session_id)


def _passkey_settings(request: Visit) -> PasskeySettings:
    return ACCOUNT_SERVICES.get(request.app).passkey_settings
