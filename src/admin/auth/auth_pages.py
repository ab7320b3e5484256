"""Staff pages: set the password by a one-time link, sign in, second factor, recovery codes, sign out, own account."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
import segno
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from accounts.errors import NotSignedIn, SecondFactorStateConflict
from accounts.sessions import Browser
from accounts.totp import enrolment_uri
from accounts.user_agents import describe_user_agent
from admin.auth.staff_auth import PendingSignIn
from admin.errors import StaffLinkNotUsable
from admin.mount import STAFF_SESSION_COOKIE
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
from admin.services import STAFF_SESSION_LIFETIME, StaffSessionService
from kit import audit
from kit.encryption import Encryptor
from kit.errors import DomainError, NotFound
from kit.http.client_ip_address import client_ip_address
from kit.http.forms import Form, ensure_valid_text

RECENT_SIGN_INS = 10
_CODES_COOKIE = "staff_codes"
_CODES_PATH = "/admin/recovery-codes"
_CODES_SECONDS = 120
SIGN_IN_EXPIRED = "That took too long. Sign in again."


async def set_password_page(request: Request) -> Response:
    try:
        email = await back_office(request).staff_auth.email_of_link(request.path_params["token"])
    except StaffLinkNotUsable:
        return await _link_not_usable(request)
    return _without_referrer(await render(request, "admin/join.html", email=email, form=None))


async def set_password(request: Request) -> Response:
    form, link_token = await read_form(request, "password"), request.path_params["token"]
    staff_auth = back_office(request).staff_auth
    try:
        email = await staff_auth.email_of_link(link_token)
    except StaffLinkNotUsable:
        return await _link_not_usable(request)
    try:
        ensure_valid_text(form)
        await staff_auth.set_password_by_link(
            link_token, password=form["password"], ip_address=browser_of(request).ip_address
        )
    except StaffLinkNotUsable:
        return await _link_not_usable(request)
    except DomainError as error:
        return _without_referrer(await render_form_errors(request, "admin/join.html", form, error, email=email))
    return redirect(request, "/admin/login", "Your password is set. Sign in with it.")


async def sign_in_page(request: Request) -> Response:
    return_path = safe_return_path(request.query_params.get("next"))
    if request.state.viewer is not None:
        return redirect(request, return_path)
    return await render(
        request, "admin/login.html", form=None, return_path=return_path, has_passkeys=has_passkeys(request)
    )


async def sign_in(request: Request) -> Response:
    form = await read_form(request, "email", "password", "next")
    return_path = safe_return_path(form["next"])
    try:
        ensure_valid_text(form)
        started = await back_office(request).staff_auth.start_sign_in(
            email=form["email"],
            password=form["password"],
            browser=browser_of(request),
            replaces=request.state.session_token,
        )
    except DomainError as error:
        return await render_form_errors(
            request, "admin/login.html", form, error, return_path=return_path, has_passkeys=has_passkeys(request)
        )
    response = redirect(request, f"/admin/second-step?next={return_path}")
    return with_session_cookie(request, response, started.raw)


async def second_step_page(request: Request) -> Response:
    return_path = safe_return_path(request.query_params.get("next"))
    pending = await _find_pending_sign_in(request)
    if pending is None:
        return redirect(request, "/admin/login")
    return await _second_step(request, pending, None, return_path)


async def second_step(request: Request) -> Response:
    form, token = await read_form(request, "code", "next"), request.state.session_token
    return_path, pending = safe_return_path(form["next"]), await _find_pending_sign_in(request)
    if pending is None:
        return redirect(request, "/admin/login", SIGN_IN_EXPIRED, is_problem=True)
    staff_auth, codes = back_office(request).staff_auth, None
    try:
        ensure_valid_text(form)
        if pending.enrolment_secret is None:
            started_session = await staff_auth.finish_sign_in(
                session_token=token, code=form["code"], browser=browser_of(request)
            )
        else:
            codes, started_session = await staff_auth.enrol(
                session_token=token, code=form["code"], browser=browser_of(request)
            )
    except (NotSignedIn, SecondFactorStateConflict):
        return redirect(request, "/admin/login", SIGN_IN_EXPIRED, is_problem=True)
    except DomainError as error:
        return await _second_step(request, pending, (form, error), return_path)
    response = redirect(request, return_path if codes is None else _CODES_PATH)
    if codes is not None:
        encrypted = _codes_encryptor(request, pending.staff.id).encrypt(msgspec.json.encode(list(codes)))
        set_cookie(request, response, _CODES_COOKIE, encrypted, seconds=_CODES_SECONDS, path=_CODES_PATH)
    return with_session_cookie(request, response, started_session.raw)


async def recovery_codes_page(request: Request) -> Response:
    """Shows new recovery codes once; the cookie with them is deleted by this response."""
    encryptor, encrypted = _codes_encryptor(request, viewer(request).staff_id), request.cookies.get(_CODES_COOKIE)
    decrypted = encryptor.decrypt(encrypted, seconds=_CODES_SECONDS) if encrypted else None
    if decrypted is None:
        return redirect(request, "/admin")
    codes: Sequence[str] = msgspec.json.decode(decrypted, type=list[str])
    response = await render(request, "admin/recovery_codes.html", codes=codes)
    set_cookie(request, response, _CODES_COOKIE, None, path=_CODES_PATH)
    return response


async def sign_out(request: Request) -> Response:
    await read_form(request)
    if request.state.session_token is not None:
        await back_office(request).staff_auth.sign_out(request.state.session_token, request.state.viewer)
    response = redirect(request, "/admin/login", "You are signed out.")
    set_cookie(request, response, STAFF_SESSION_COOKIE, None)
    return response


async def account_page(request: Request) -> Response:
    """The viewer's passkeys, sessions and last sign-ins."""
    return await render_account(request, None)


async def render_account(request: Request, refused: tuple[Form, DomainError] | None) -> Response:
    """Render the account page; ``refused`` is the form for a new passkey with the refusal."""
    staff_id = viewer(request).staff_id
    async with back_office(request).staff_database.sessions() as session:
        service = StaffSessionService(session)
        sessions = await service.list_active(staff_id)
        sign_ins = await service.recent_sign_ins(staff_id, RECENT_SIGN_INS)
    context: dict[str, Any] = {
        "sessions": sessions,
        "sign_ins": sign_ins,
        "has_passkeys": has_passkeys(request),
        "passkeys": await back_office(request).staff_auth.passkey_settings.list(staff_id),
        "passkey_name": describe_user_agent(request.headers.get("user-agent", "")),
    }
    if refused is None:
        return await render(request, "admin/account.html", form=None, **context)
    return await render_form_errors(request, "admin/account.html", *refused, **context)


async def end_session(request: Request) -> Response:
    """End one of the viewer's sessions."""
    await read_form(request)
    staff_viewer = viewer(request)
    session_id: UUID = request.path_params["session_id"]
    async with back_office(request).staff_database.tenant_session(None, staff_viewer.staff_id) as session:
        if not await StaffSessionService(session).end_for_user(staff_viewer.staff_id, session_id):
            raise NotFound
        await audit.record(session, staff_viewer.actor, "session.ended", subject_id=session_id)
    return redirect(request, "/admin/account", "That browser is signed out.")


ROUTES: Sequence[BaseRoute] = (
    Route("/admin/join/{token}", set_password_page, methods=["GET"]),
    Route("/admin/join/{token}", set_password, methods=["POST"]),
    Route("/admin/login", sign_in_page, methods=["GET"]),
    Route("/admin/login", sign_in, methods=["POST"]),
    Route("/admin/second-step", second_step_page, methods=["GET"]),
    Route("/admin/second-step", second_step, methods=["POST"]),
    Route(_CODES_PATH, recovery_codes_page, methods=["GET"]),
    Route("/admin/logout", sign_out, methods=["POST"]),
    Route("/admin/account", account_page, methods=["GET"]),
    Route("/admin/account/sessions/{session_id:uuid}/end", end_session, methods=["POST"]),
)


async def _find_pending_sign_in(request: Request) -> PendingSignIn | None:
    token = request.state.session_token
    return None if token is None else await back_office(request).staff_auth.find_pending_sign_in(token)


async def render_second_step(request: Request, form: Form, error: DomainError, return_path: str) -> Response:
    """Render the second step again after a refusal; the first step when no sign-in is pending."""
    pending = await _find_pending_sign_in(request)
    if pending is None:
        are_offered = has_passkeys(request)
        return await render_form_errors(
            request, "admin/login.html", form, error, return_path=return_path, has_passkeys=are_offered
        )
    return await _second_step(request, pending, (form, error), return_path)


def has_passkeys(request: Request) -> bool:
    """True when browsers offer passkeys on pages of the product's public URL."""
    return back_office(request).accounts.passkey_ceremony.is_available


async def _second_step(
    request: Request, pending: PendingSignIn, refused: tuple[Form, DomainError] | None, return_path: str
) -> Response:
    """Render the form for the code, with a QR code during enrolment."""
    secret, qr_code = pending.enrolment_secret, ""
    if secret is not None:
        uri = enrolment_uri(pending.staff.email, secret)
        qr_code = segno.make(uri, micro=False).svg_data_uri(scale=5, light="#ffffff")
        secret = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    context: dict[str, Any] = {
        "return_path": return_path,
        "secret": secret,
        "qr_code": qr_code,
        "has_app": pending.staff.totp_enabled_at is not None,
        "has_passkeys": has_passkeys(request) and (secret is not None or pending.staff.has_passkey),
        "passkey_name": describe_user_agent(request.headers.get("user-agent", "")),
    }
    if refused is None:
        return await render(request, "admin/second_step.html", form=None, **context)
    return await render_form_errors(request, "admin/second_step.html", *refused, **context)


async def _link_not_usable(request: Request) -> Response:
    return _without_referrer(await render(request, "admin/link_not_usable.html", status=404))


def _without_referrer(response: Response) -> Response:
    """Keep the page's URL, which contains a secret, from pages that are opened from it."""
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def browser_of(request: Request) -> Browser:
    """IP address and user agent of a request."""
    return Browser(ip_address=client_ip_address(request.scope), user_agent=request.headers.get("user-agent", ""))


def with_session_cookie(request: Request, response: Response, token: str) -> Response:
    """Set the cookie of the staff session ``token``."""
    set_cookie(request, response, STAFF_SESSION_COOKIE, token, seconds=int(STAFF_SESSION_LIFETIME.total_seconds()))
    return response


def _codes_encryptor(request: Request, staff_id: UUID) -> Encryptor:
    # Bound to the staff member, so that another one who signs in with this browser cannot read the codes.
    return Encryptor(back_office(request).settings.secret_keys, f"{_CODES_COOKIE}:{staff_id}")
