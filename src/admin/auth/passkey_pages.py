"""Staff pages about passkeys: sign in with a passkey, add the first one during sign-in, add, rename and remove them."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from accounts.errors import NotSignedIn, SecondFactorStateConflict
from accounts.passkey_ceremony import CHALLENGE_LIFETIME, PasskeyOptions
from accounts.passkey_settings import CurrentSession, RemovalProof
from admin.auth.auth_pages import (
    SIGN_IN_EXPIRED,
    browser_of,
    render_account,
    render_second_step,
    with_session_cookie,
)
from admin.page_helpers import (
    back_office,
    read_form,
    redirect,
    render,
    render_form_errors,
    safe_return_path,
    set_cookie,
    viewer,
)
from kit.errors import DomainError, NotFound, ValidationFailed
from kit.http.forms import Form, ensure_valid_text
from kit.http.problems import problem_headers, status_of

_COOKIE = "staff_passkey"
"""Cookie with the encrypted challenge of the options that this browser got last."""
_ACCOUNT_PATH = "/admin/account"


async def sign_in_options(request: Request) -> Response:
    """The options for the page's script; except for the challenge they are the same for everybody."""
    await read_form(request, "credential", "next")

    async def make() -> PasskeyOptions:
        return back_office(request).staff_auth.make_passkey_options()

    return await _options_response(request, make)


async def sign_in_with_passkey(request: Request) -> Response:
    form, token = await read_form(request, "credential", "next"), request.state.session_token
    return_path = safe_return_path(form["next"])
    try:
        ensure_valid_text(form)
        started_session = await back_office(request).staff_auth.sign_in_with_passkey(
            credential=form["credential"],
            encrypted_challenge=_encrypted_challenge(request),
            browser=browser_of(request),
            replaces=token,
        )
    except DomainError as error:
        return await render_second_step(request, Form(), error, return_path)
    return with_session_cookie(request, redirect(request, return_path), started_session.raw)


async def first_passkey_options(request: Request) -> Response:
    """The options for the first passkey of staff whose password was checked just now."""
    await read_form(request, "name", "credential", "next")

    async def make() -> PasskeyOptions:
        return await back_office(request).staff_auth.make_first_passkey_options(request.state.session_token or "")

    return await _options_response(request, make)


async def add_first_passkey(request: Request) -> Response:
    form = await read_form(request, "name", "credential", "next")
    return_path = safe_return_path(form["next"])
    try:
        ensure_valid_text(form)
        started_session = await back_office(request).staff_auth.enrol_passkey(
            session_token=request.state.session_token or "",
            name=form["name"],
            credential=form["credential"],
            encrypted_challenge=_encrypted_challenge(request),
            browser=browser_of(request),
        )
    except (NotSignedIn, SecondFactorStateConflict):
        return redirect(request, "/admin/login", SIGN_IN_EXPIRED, is_problem=True)
    except DomainError as error:
        return await render_second_step(request, Form({"name": form["name"]}), error, return_path)
    return with_session_cookie(request, redirect(request, return_path, "Your passkey is added."), started_session.raw)


async def new_passkey_options(request: Request) -> Response:
    """Check the password and return the options for a new passkey."""
    form = await read_form(request, "name", "password", "credential")

    async def make() -> PasskeyOptions:
        ensure_valid_text(form)
        settings = back_office(request).staff_auth.passkey_settings
        ip_address = browser_of(request).ip_address
        return await settings.make_registration_options(
            _current_session(request), password=form["password"], ip_address=ip_address
        )

    return await _options_response(request, make)


async def add_passkey(request: Request) -> Response:
    # The password was checked before the options were made; the challenge proves that.
    form = await read_form(request, "name", "password", "credential")
    try:
        ensure_valid_text(form)
        new_session_token = await back_office(request).staff_auth.passkey_settings.add(
            _current_session(request),
            name=form["name"],
            credential=form["credential"],
            encrypted_challenge=_encrypted_challenge(request),
            by=viewer(request).actor,
        )
    except DomainError as error:
        return await render_account(request, (Form({"name": form["name"]}), error))
    return with_session_cookie(request, redirect(request, _ACCOUNT_PATH, "Your passkey is added."), new_session_token)


async def passkey_page(request: Request) -> Response:
    return await _page(request, None)


async def rename_passkey(request: Request) -> Response:
    form, staff_viewer = await read_form(request, "name"), viewer(request)
    settings, passkey_id = back_office(request).staff_auth.passkey_settings, _passkey_id(request)
    try:
        await settings.rename(staff_viewer.staff_id, passkey_id, name=form["name"], by=staff_viewer.actor)
    except ValidationFailed as error:
        return await _page(request, (form, error))
    return redirect(request, _ACCOUNT_PATH, "The passkey's name is saved.")


async def removal_options(request: Request) -> Response:
    """The options for a proof by passkey of the person who removes a passkey."""
    await read_form(request, "password", "credential")

    async def make() -> PasskeyOptions:
        return back_office(request).staff_auth.passkey_settings.make_removal_options(_current_session(request))

    return await _options_response(request, make)


async def remove_passkey(request: Request) -> Response:
    form = await read_form(request, "password", "code", "credential")
    proof = RemovalProof(form["password"], form["code"], form["credential"], _encrypted_challenge(request))
    settings, passkey_id = back_office(request).staff_auth.passkey_settings, _passkey_id(request)
    try:
        ensure_valid_text(form)
        new_session_token = await settings.remove(
            _current_session(request), passkey_id, proof=proof, by=viewer(request).actor
        )
    except NotFound:
        raise
    except DomainError as error:
        return await _page(request, (Form({"password": "", "code": ""}), error))
    return with_session_cookie(request, redirect(request, _ACCOUNT_PATH, "The passkey is removed."), new_session_token)


_PASSKEY_PATH = "/admin/account/passkeys/{passkey_id:uuid}"
ROUTES: Sequence[BaseRoute] = (
    Route("/admin/login/passkey/options", sign_in_options, methods=["POST"]),
    Route("/admin/login/passkey", sign_in_with_passkey, methods=["POST"]),
    Route("/admin/second-step/passkey/options", first_passkey_options, methods=["POST"]),
    Route("/admin/second-step/passkey", add_first_passkey, methods=["POST"]),
    Route("/admin/account/passkeys/options", new_passkey_options, methods=["POST"]),
    Route("/admin/account/passkeys/removal-options", removal_options, methods=["POST"]),
    Route("/admin/account/passkeys", add_passkey, methods=["POST"]),
    Route(_PASSKEY_PATH, passkey_page, methods=["GET"]),
    Route(f"{_PASSKEY_PATH}/name", rename_passkey, methods=["POST"]),
    Route(f"{_PASSKEY_PATH}/remove", remove_passkey, methods=["POST"]),
)


async def _page(request: Request, refused: tuple[Form, DomainError] | None) -> Response:
    settings = back_office(request).staff_auth.passkey_settings
    account, passkey = await settings.get(viewer(request).staff_id, _passkey_id(request))
    has_app = account.totp_enabled_at is not None
    if refused is None:
        return await render(request, "admin/passkey.html", form=None, passkey=passkey, has_app=has_app)
    return await render_form_errors(request, "admin/passkey.html", *refused, passkey=passkey, has_app=has_app)


async def _options_response(request: Request, make: Callable[[], Awaitable[PasskeyOptions]]) -> Response:
    """The options as JSON, with the encrypted challenge in a cookie; after a refusal its sentence as JSON."""
    try:
        options = await make()
    except DomainError as error:
        message = error.errors[0][1] if isinstance(error, ValidationFailed) else error.message
        refusal, status = msgspec.json.encode({"message": f"{message}."}), status_of(error)
        return Response(refusal, status, problem_headers(error), "application/json")
    response = Response(options.options_json, media_type="application/json")
    lifetime = int(CHALLENGE_LIFETIME.total_seconds())
    set_cookie(request, response, _COOKIE, options.encrypted_challenge, seconds=lifetime)
    return response


def _encrypted_challenge(request: Request) -> str | None:
    return request.cookies.get(_COOKIE)


def _passkey_id(request: Request) -> UUID:
    found: UUID = request.path_params["passkey_id"]
    return found


def _current_session(request: Request) -> CurrentSession:
    staff_viewer = viewer(request)
    return CurrentSession(staff_viewer.staff_id, staff_viewer.session_id)
