"""The pages of the door: join by a link, sign in, the second step and its enrolment, sign out, one's own sessions."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
import segno
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from accounts.errors import NotSignedIn, SecondFactorUnchanged
from accounts.second_factor import enrolment_uri
from accounts.sessions import Browser
from admin.auth.staff_auth import Waiting
from admin.errors import StaffLinkNotUsable
from admin.mount import COOKIE
from admin.pages import (
    again,
    office,
    own_path,
    read_form,
    redirect,
    render,
    set_cookie,
    viewer,
)
from admin.queries import last_sign_ins
from admin.services import ABSOLUTE, StaffSessionService
from kit.audit import record
from kit.encryption import Encryptor
from kit.errors import DomainError, NotFound
from kit.http.forms import Form, ensure_valid_text

LATEST = 10
_CODES = "staff_codes"
_CODES_PATH = "/admin/recovery-codes"
_CODES_SECONDS = 120
_TOO_LATE = "That took too long. Sign in again."


async def join_page(request: Request) -> Response:
    try:
        email = await office(request).door.ensure_link(request.path_params["token"])
    except StaffLinkNotUsable:
        return await _link_gone(request)
    return _unreferred(await render(request, "office/join.html", email=email, form=None))


async def join(request: Request) -> Response:
    form, raw = await read_form(request, "password"), request.path_params["token"]
    door = office(request).door
    try:
        email = await door.ensure_link(raw)
    except StaffLinkNotUsable:
        return await _link_gone(request)
    try:
        ensure_valid_text(form)
        await door.join(raw, password=form["password"], address=_browser(request).address)
    except StaffLinkNotUsable:
        return await _link_gone(request)
    except DomainError as error:
        return _unreferred(await again(request, "office/join.html", form, error, email=email))
    return redirect(request, "/admin/login", "Your password is set. Sign in with it.")


async def sign_in_page(request: Request) -> Response:
    back = own_path(request.query_params.get("next"))
    if request.state.viewer is not None:
        return redirect(request, back)
    return await render(request, "office/login.html", form=None, back=back)


async def sign_in(request: Request) -> Response:
    form = await read_form(request, "email", "password", "next")
    back = own_path(form["next"])
    try:
        ensure_valid_text(form)
        begun = await office(request).door.first_step(
            email=form["email"], password=form["password"], browser=_browser(request), replaces=request.state.raw
        )
    except DomainError as error:
        return await again(request, "office/login.html", form, error, back=back)
    answer = redirect(request, f"/admin/second-step?next={back}")
    return _signed(request, answer, begun.raw)


async def second_step_page(request: Request) -> Response:
    back = own_path(request.query_params.get("next"))
    waiting = await _waiting(request)
    if waiting is None:
        return redirect(request, "/admin/login")
    return await _second_step(request, waiting, None, back)


async def second_step(request: Request) -> Response:
    form, raw = await read_form(request, "code", "next"), request.state.raw
    back, waiting = own_path(form["next"]), await _waiting(request)
    if waiting is None:
        return redirect(request, "/admin/login", _TOO_LATE, is_problem=True)
    door, codes = office(request).door, None
    try:
        ensure_valid_text(form)
        if waiting.secret is None:
            begun = await door.second_step(raw=raw, code=form["code"], browser=_browser(request))
        else:
            codes, begun = await door.enrol(raw=raw, code=form["code"], browser=_browser(request))
    except (NotSignedIn, SecondFactorUnchanged):
        return redirect(request, "/admin/login", _TOO_LATE, is_problem=True)
    except DomainError as error:
        return await _second_step(request, waiting, (form, error), back)
    answer = redirect(request, back if codes is None else _CODES_PATH)
    if codes is not None:
        sealed = _sealer(request).encrypt(msgspec.json.encode(list(codes)))
        set_cookie(request, answer, _CODES, sealed, seconds=_CODES_SECONDS, path=_CODES_PATH)
    return _signed(request, answer, begun.raw)


async def recovery_codes_page(request: Request) -> Response:
    """Shows fresh codes once: reloaded, the page has none left to show."""
    viewer(request)
    sealed = request.cookies.get(_CODES)
    opened = _sealer(request).decrypt(sealed, seconds=_CODES_SECONDS) if sealed else None
    if opened is None:
        return redirect(request, "/admin")
    codes: Sequence[str] = msgspec.json.decode(opened, type=list[str])
    answer = await render(request, "office/recovery_codes.html", codes=codes)
    set_cookie(request, answer, _CODES, None, path=_CODES_PATH)
    return answer


async def sign_out(request: Request) -> Response:
    await read_form(request)
    if request.state.raw is not None:
        await office(request).door.leave(request.state.raw, request.state.viewer)
    answer = redirect(request, "/admin/login", "You are signed out.")
    set_cookie(request, answer, COOKIE, None)
    return answer


async def account_page(request: Request) -> Response:
    """Where one is signed in, and where from one signed in last."""
    who = viewer(request)
    async with office(request).reading.sessions() as session:
        live = await StaffSessionService(session).list_active(who.staff_id)
        latest = await last_sign_ins(session, who.staff_id, LATEST)
    return await render(request, "office/account.html", live=live, latest=latest)


async def end_session(request: Request) -> Response:
    """Sign one of one's own browsers out."""
    await read_form(request)
    who = viewer(request)
    session_id: UUID = request.path_params["session_id"]
    async with office(request).reading.tenant_session(None, who.staff_id) as session:
        if not await StaffSessionService(session).end_for_user(who.staff_id, session_id):
            raise NotFound
        await record(session, who.actor, "session.ended", subject_id=session_id)
    return redirect(request, "/admin/account", "That browser is signed out.")


ROUTES: Sequence[BaseRoute] = (
    Route("/admin/join/{token}", join_page, methods=["GET"]),
    Route("/admin/join/{token}", join, methods=["POST"]),
    Route("/admin/login", sign_in_page, methods=["GET"]),
    Route("/admin/login", sign_in, methods=["POST"]),
    Route("/admin/second-step", second_step_page, methods=["GET"]),
    Route("/admin/second-step", second_step, methods=["POST"]),
    Route(_CODES_PATH, recovery_codes_page, methods=["GET"]),
    Route("/admin/logout", sign_out, methods=["POST"]),
    Route("/admin/account", account_page, methods=["GET"]),
    Route("/admin/account/sessions/{session_id:uuid}/end", end_session, methods=["POST"]),
)


async def _waiting(request: Request) -> Waiting | None:
    raw = request.state.raw
    return None if raw is None else await office(request).door.waiting(raw)


async def _second_step(
    request: Request, waiting: Waiting, refused: tuple[Form, DomainError] | None, back: str
) -> Response:
    """The field for the code; for who has no app yet, with the QR code above it."""
    secret, picture = waiting.secret, ""
    if secret is not None:
        uri = enrolment_uri(waiting.staff.email, secret)
        picture = segno.make(uri, micro=False).svg_data_uri(scale=5, light="#ffffff")
        secret = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    shown: dict[str, Any] = {"back": back, "secret": secret, "picture": picture}
    if refused is None:
        return await render(request, "office/second_step.html", form=None, **shown)
    return await again(request, "office/second_step.html", *refused, **shown)


async def _link_gone(request: Request) -> Response:
    return _unreferred(await render(request, "office/link_gone.html", status=404))


def _unreferred(answer: Response) -> Response:
    """The address of the page is a secret: no page that is gone to from here may learn it."""
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def _browser(request: Request) -> Browser:
    address = "" if request.client is None else request.client.host
    return Browser(address=address, user_agent=request.headers.get("user-agent", ""))


def _signed(request: Request, answer: Response, raw: str) -> Response:
    set_cookie(request, answer, COOKIE, raw, seconds=int(ABSOLUTE.total_seconds()))
    return answer


def _sealer(request: Request) -> Encryptor:
    return Encryptor(office(request).settings.secret_key, _CODES)
