"""Pages to sign up, verify an e-mail address, sign in by password and second factor, and sign out."""

from typing import Any
from urllib.parse import quote, unquote

from litestar import Request, Response, get, post
from litestar.datastructures import Cookie, State
from litestar.params import FromPath, FromQuery

from accounts.account_services import ACCOUNT_SERVICES, AccountServices
from accounts.auth import browser_of, current_actor, raw_session_id, session_cookie
from accounts.errors import LinkNotUsable, NotSignedIn, WrongCode
from accounts.sessions import SessionService, Viewer
from dashboard.formats import format_wait
from dashboard.pages import is_own_path, login_path, redirect, render
from kit.audit import record
from kit.errors import DomainError, TooMany
from kit.http.app_key import DATABASE, SETTINGS
from kit.http.forms import Form, ensure_valid_text, read_form
from kit.http.problems import problem_headers, status_of
from kit.settings import Settings

Visit = Request[Any, Any, State]
SIGN_UP_COOKIE = "signup"
"""Cookie that proves, together with the mailed link, that this browser made the account; also holds the next path."""
_SIGN_UP_SECONDS = 24 * 3600
_DEFAULT_NEXT_PATH = "/dashboard"


@get("/signup")
async def sign_up_page(request: Visit, sent: FromQuery[str | None] = None) -> Response[str]:
    next_path = own_path(request.query_params.get("next"))
    if _viewer(request) is not None:
        return redirect(request, next_path)
    if sent is not None:
        return render(request, "accounts/signup_sent.html", mail_folder=mail_folder(request))
    return render(request, "accounts/signup.html", form=None, next_path=next_path)


@post("/signup", status_code=200)
async def sign_up(request: Visit) -> Response[str]:
    form = await read_form(request, "name", "email", "password", "next")
    try:
        ensure_valid_text(form)
        proof = await _accounts(request).registration.sign_up(
            email=form["email"], password=form["password"], name=form["name"], ip_address=browser_of(request).ip_address
        )
    except DomainError as error:
        return render_form_errors(request, "accounts/signup.html", form, error, next_path=own_path(form["next"]))
    cookie = _sign_up_cookie(request, f"{proof}.{quote(own_path(form['next']), safe='')}")
    return redirect(request, "/signup?sent=1", cookies=[cookie])


@get("/verify-email/{token:str}")
async def verify_email_page(request: Visit, token: FromPath[str]) -> Response[str]:
    """Page with a confirmation button: programs that follow links in mails must not confirm the address."""
    proof, _ = _sign_up_proof(request)
    try:
        link = await _accounts(request).registration.preview(token, _viewer(request), proof)
    except LinkNotUsable:
        return render_link_expired(request)
    except NotSignedIn:
        return redirect(request, login_path(request), "Sign in to confirm your e-mail address.")
    page = render(
        request,
        "accounts/verify.html",
        new_email=link.new_email,
        takes_over=link.takes_over,
        sign_in=login_path(request),
    )
    return without_referrer(page)


@post("/verify-email/{token:str}", status_code=200)
async def verify_email(request: Visit, token: FromPath[str]) -> Response[str]:
    await read_form(request)
    proof, next_path = _sign_up_proof(request)
    try:
        confirmed = await _accounts(request).registration.confirm(
            token, viewer=_viewer(request), proof=proof, browser=browser_of(request)
        )
    except LinkNotUsable:
        return render_link_expired(request)
    cookies = [_sign_up_cookie(request, None)]
    if confirmed.reset_token is not None:
        notice = "Your e-mail address is confirmed. Choose a password."
        return redirect(request, f"/reset-password/{confirmed.reset_token}", notice, cookies=cookies)
    if confirmed.raw is not None:
        cookies.append(session_cookie(_settings(request).public_url, confirmed.raw))
    return redirect(request, next_path, "Your e-mail address is confirmed.", cookies=cookies)


@get("/login")
async def sign_in_page(request: Visit) -> Response[str]:
    next_path = own_path(request.query_params.get("next"))
    if _viewer(request) is not None:
        return redirect(request, next_path)
    return await _sign_in_form(request, None, next_path=next_path)


@post("/login", status_code=200)
async def sign_in(request: Visit) -> Response[str]:
    form = await read_form(request, "email", "password", "next")
    next_path = own_path(form["next"])
    try:
        ensure_valid_text(form)
        started_session = await _accounts(request).sign_in_manager.start_sign_in(
            email=form["email"],
            password=form["password"],
            browser=browser_of(request),
            replaces=raw_session_id(request),
        )
    except DomainError as error:
        has_passkeys = _accounts(request).passkey_ceremony.is_available
        return render_form_errors(
            request, "accounts/login.html", form, error, next_path=next_path, has_passkeys=has_passkeys
        )
    cookie = session_cookie(_settings(request).public_url, started_session.raw)
    target = f"/login?next={quote(next_path, safe='/')}" if started_session.awaits_second_factor else next_path
    return redirect(request, target, cookies=[cookie])


@post("/login/code", status_code=200)
async def second_step(request: Visit) -> Response[str]:
    form = await read_form(request, "code", "next")
    next_path, raw = own_path(form["next"]), raw_session_id(request)
    try:
        ensure_valid_text(form)
        if raw is None:
            raise NotSignedIn
        started_session = await _accounts(request).sign_in_manager.finish_sign_in(
            raw=raw, code=form["code"], browser=browser_of(request)
        )
    except NotSignedIn:
        target = f"/login?next={quote(next_path, safe='/')}"
        return redirect(request, target, "That took too long. Sign in again.", is_problem=True)
    except DomainError as error:
        return await render_sign_in_refused(request, form, error, next_path=next_path)
    return redirect(request, next_path, cookies=[session_cookie(_settings(request).public_url, started_session.raw)])


@post("/logout", status_code=200)
async def sign_out(request: Visit) -> Response[str]:
    raw, viewer = raw_session_id(request), _viewer(request)
    # The session is found by the cookie: an expired one has no user in the scope, and is ended too.
    database = DATABASE.get(request.app)
    async with database.tenant_session(None, None if viewer is None else viewer.user_id) as session:
        if raw is not None:
            await SessionService(session).end_by_raw_id(raw)
        if viewer is not None:
            await record(session, current_actor(request), "session.ended", subject_id=viewer.session_id)
    cleared_cookie = session_cookie(_settings(request).public_url, None)
    return redirect(request, "/login", "You are signed out.", cookies=[cleared_cookie])


HANDLERS = (
    sign_up_page,
    sign_up,
    verify_email_page,
    verify_email,
    sign_in_page,
    sign_in,
    second_step,
    sign_out,
)


async def render_sign_in_refused(request: Visit, form: Form, error: DomainError, *, next_path: str) -> Response[str]:
    """Show the form of the present sign-in step again, with the error."""
    return await _sign_in_form(request, (form, error), next_path=next_path)


async def _sign_in_form(request: Visit, refused: tuple[Form, DomainError] | None, *, next_path: str) -> Response[str]:
    """The form for the password or, after the password, the form for the second factor."""
    awaiting = await _accounts(request).sign_in_manager.find_awaiting_second_factor(raw_session_id(request))
    has_passkeys = _accounts(request).passkey_ceremony.is_available
    template = "accounts/login.html"
    context: dict[str, Any] = {"next_path": next_path, "has_passkeys": has_passkeys}
    if awaiting is not None:
        template = "accounts/code.html"
        context["has_app"] = awaiting.totp_enabled_at is not None
        context["has_passkeys"] = has_passkeys and awaiting.has_passkey
    if refused is None:
        return render(request, template, form=None, **context)
    return render_form_errors(request, template, *refused, **context)


def render_form_errors(request: Visit, template: str, form: Form, error: DomainError, **context: Any) -> Response[str]:
    """Show the form again with the typed values and the errors."""
    refused = form.refused(error)
    if isinstance(error, TooMany):
        refused = Form(form.values, {"": f"{error.message}. Try again in {format_wait(error.retry_after)}."})
    elif isinstance(error, WrongCode):
        refused = Form(form.values, {"code": error.message})
    response = render(request, template, status=status_of(error), form=refused, **context)
    for name, value in problem_headers(error).items():
        response.headers[name] = value
    return response


def render_link_expired(request: Visit) -> Response[str]:
    """Page of a mailed link that no longer works."""
    return without_referrer(render(request, "accounts/link_expired.html", status=404))


def without_referrer(response: Response[str]) -> Response[str]:
    """Add ``Referrer-Policy: no-referrer``: the page's URL holds a secret."""
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def own_path(path: str | None) -> str:
    """Return ``path`` if it is on this site, else the dashboard."""
    return path if path is not None and is_own_path(path) else _DEFAULT_NEXT_PATH


def _sign_up_proof(request: Visit) -> tuple[str | None, str]:
    """Read the sign-up cookie: the proof, and the path to go to after verification."""
    proof, _, next_path = request.cookies.get(SIGN_UP_COOKIE, "").partition(".")
    return proof or None, own_path(unquote(next_path))


def _sign_up_cookie(request: Visit, value: str | None) -> Cookie:
    return Cookie(
        key=SIGN_UP_COOKIE,
        value=value or "",
        max_age=_SIGN_UP_SECONDS if value else 0,
        path="/verify-email",
        httponly=True,
        secure=_settings(request).public_is_https,
        samesite="lax",
    )


def mail_folder(request: Visit) -> str | None:
    """Folder of mails when no mail server is configured, else None."""
    settings = _settings(request)
    return None if settings.smtp_url is not None else str(settings.data_dir / "mail")


def _viewer(request: Visit) -> Viewer | None:
    user = request.scope["user"]
    return user if isinstance(user, Viewer) else None


def _accounts(request: Visit) -> AccountServices:
    return ACCOUNT_SERVICES.get(request.app)


def _settings(request: Visit) -> Settings:
    return SETTINGS.get(request.app)
