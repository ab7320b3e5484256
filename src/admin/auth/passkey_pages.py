"""Passkeys of staff: sign in with one, add the first one at the second step, add, rename and remove them later."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from accounts.errors import NotSignedIn, SecondFactorUnchanged
from accounts.passkey_ceremony import CHALLENGE_LIFETIME, PasskeyQuestion
from accounts.passkey_settings import OwnSession, RemovalProof
from admin.auth.auth_pages import (
    SIGN_IN_EXPIRED,
    browser_of,
    render_account,
    render_second_step,
    with_session_cookie,
)
from admin.pages import back_office, read_form, redirect, render, render_refused, safe_return_path, set_cookie, viewer
from kit.errors import DomainError, NotFound, ValidationFailed
from kit.http.forms import Form, ensure_valid_text
from kit.http.problems import problem_headers, status_of

_COOKIE = "staff_passkey"
"""Cookie with the encrypted challenge of the question that this browser was asked last."""
_ACCOUNT_PATH = "/admin/account"


async def sign_in_options(request: Request) -> Response:
    """The question for the page's script; it is the same for everybody."""
    await read_form(request, "credential", "next")

    async def ask() -> PasskeyQuestion:
        return back_office(request).staff_auth.ask_for_passkey()

    return await _question(request, ask)


async def sign_in_with_passkey(request: Request) -> Response:
    form, token = await read_form(request, "credential", "next"), request.state.session_token
    back = safe_return_path(form["next"])
    try:
        ensure_valid_text(form)
        begun = await back_office(request).staff_auth.sign_in_with_passkey(
            credential=form["credential"], ticket=_ticket(request), browser=browser_of(request), replaces=token
        )
    except DomainError as error:
        return await render_second_step(request, Form(), error, back)
    return with_session_cookie(request, redirect(request, back), begun.raw)


async def first_passkey_options(request: Request) -> Response:
    """The question for the first passkey of staff whose password was checked just now."""
    await read_form(request, "name", "credential", "next")

    async def ask() -> PasskeyQuestion:
        return await back_office(request).staff_auth.ask_for_first_passkey(request.state.session_token or "")

    return await _question(request, ask)


async def add_first_passkey(request: Request) -> Response:
    form = await read_form(request, "name", "credential", "next")
    back = safe_return_path(form["next"])
    try:
        ensure_valid_text(form)
        begun = await back_office(request).staff_auth.enrol_passkey(
            raw=request.state.session_token or "",
            name=form["name"],
            credential=form["credential"],
            ticket=_ticket(request),
            browser=browser_of(request),
        )
    except (NotSignedIn, SecondFactorUnchanged):
        return redirect(request, "/admin/login", SIGN_IN_EXPIRED, is_problem=True)
    except DomainError as error:
        return await render_second_step(request, Form({"name": form["name"]}), error, back)
    return with_session_cookie(request, redirect(request, back, "Your passkey is added."), begun.raw)


async def new_passkey_options(request: Request) -> Response:
    """Check the password and return the question for the page's script."""
    form = await read_form(request, "name", "password", "credential")

    async def ask() -> PasskeyQuestion:
        ensure_valid_text(form)
        settings = back_office(request).staff_auth.passkey_settings
        address = browser_of(request).address
        return await settings.ask_for_new(_who(request), password=form["password"], address=address)

    return await _question(request, ask)


async def add_passkey(request: Request) -> Response:
    # The password was checked with the question, which the ticket proves.
    form = await read_form(request, "name", "password", "credential")
    try:
        ensure_valid_text(form)
        raw = await back_office(request).staff_auth.passkey_settings.add(
            _who(request),
            name=form["name"],
            credential=form["credential"],
            ticket=_ticket(request),
            by=viewer(request).actor,
        )
    except DomainError as error:
        return await render_account(request, (Form({"name": form["name"]}), error))
    return with_session_cookie(request, redirect(request, _ACCOUNT_PATH, "Your passkey is added."), raw)


async def passkey_page(request: Request) -> Response:
    return await _page(request, None)


async def rename_passkey(request: Request) -> Response:
    form, who = await read_form(request, "name"), viewer(request)
    settings, passkey_id = back_office(request).staff_auth.passkey_settings, _passkey_id(request)
    try:
        await settings.rename(who.staff_id, passkey_id, name=form["name"], by=who.actor)
    except ValidationFailed as error:
        return await _page(request, (form, error))
    return redirect(request, _ACCOUNT_PATH, "The passkey's name is saved.")


async def removal_options(request: Request) -> Response:
    """The question for a passkey of the person who removes one."""
    await read_form(request, "password", "credential")

    async def ask() -> PasskeyQuestion:
        return back_office(request).staff_auth.passkey_settings.ask_to_remove(_who(request))

    return await _question(request, ask)


async def remove_passkey(request: Request) -> Response:
    form = await read_form(request, "password", "code", "credential")
    proof = RemovalProof(form["password"], form["code"], form["credential"], _ticket(request))
    settings, passkey_id = back_office(request).staff_auth.passkey_settings, _passkey_id(request)
    try:
        ensure_valid_text(form)
        raw = await settings.remove(_who(request), passkey_id, proof=proof, by=viewer(request).actor)
    except NotFound:
        raise
    except DomainError as error:
        return await _page(request, (Form({"password": "", "code": ""}), error))
    return with_session_cookie(request, redirect(request, _ACCOUNT_PATH, "The passkey is removed."), raw)


_ONE = "/admin/account/passkeys/{passkey_id:uuid}"
ROUTES: Sequence[BaseRoute] = (
    Route("/admin/login/passkey/options", sign_in_options, methods=["POST"]),
    Route("/admin/login/passkey", sign_in_with_passkey, methods=["POST"]),
    Route("/admin/second-step/passkey/options", first_passkey_options, methods=["POST"]),
    Route("/admin/second-step/passkey", add_first_passkey, methods=["POST"]),
    Route("/admin/account/passkeys/options", new_passkey_options, methods=["POST"]),
    Route("/admin/account/passkeys/removal-options", removal_options, methods=["POST"]),
    Route("/admin/account/passkeys", add_passkey, methods=["POST"]),
    Route(_ONE, passkey_page, methods=["GET"]),
    Route(f"{_ONE}/name", rename_passkey, methods=["POST"]),
    Route(f"{_ONE}/remove", remove_passkey, methods=["POST"]),
)


async def _page(request: Request, refused: tuple[Form, DomainError] | None) -> Response:
    settings = back_office(request).staff_auth.passkey_settings
    account, passkey = await settings.get(viewer(request).staff_id, _passkey_id(request))
    has_app = account.totp_enabled_at is not None
    if refused is None:
        return await render(request, "admin/passkey.html", form=None, passkey=passkey, has_app=has_app)
    return await render_refused(request, "admin/passkey.html", *refused, passkey=passkey, has_app=has_app)


async def _question(request: Request, ask: Callable[[], Awaitable[PasskeyQuestion]]) -> Response:
    """The question as JSON, with its ticket in a cookie; of a refusal the sentence."""
    try:
        question = await ask()
    except DomainError as error:
        message = error.errors[0][1] if isinstance(error, ValidationFailed) else error.message
        refusal, status = msgspec.json.encode({"message": f"{message}."}), status_of(error)
        return Response(refusal, status, problem_headers(error), "application/json")
    response = Response(question.options, media_type="application/json")
    set_cookie(request, response, _COOKIE, question.ticket, seconds=int(CHALLENGE_LIFETIME.total_seconds()))
    return response


def _ticket(request: Request) -> str | None:
    return request.cookies.get(_COOKIE)


def _passkey_id(request: Request) -> UUID:
    found: UUID = request.path_params["passkey_id"]
    return found


def _who(request: Request) -> OwnSession:
    who = viewer(request)
    return OwnSession(who.staff_id, who.session_id)
