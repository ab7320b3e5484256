"""Pages to request a password reset by mail and to choose a new password."""

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from accounts.account_services import ACCOUNT_SERVICES
from accounts.auth import browser_of, session_cookie
from accounts.errors import LinkNotUsable
from accounts.password_reset import PasswordReset
from dashboard.auth_pages import Visit, mail_folder, render_form_errors, render_link_expired, without_referrer
from dashboard.pages import redirect, render
from kit.errors import DomainError
from kit.http.app_key import SETTINGS
from kit.http.forms import ensure_valid_text, read_form


@get("/forgot-password")
async def forgot_password_page(request: Visit, sent: FromQuery[str | None] = None) -> Response[str]:
    if sent is not None:
        return render(request, "accounts/forgot_sent.html", mail_folder=mail_folder(request))
    return render(request, "accounts/forgot.html", form=None)


@post("/forgot-password", status_code=200)
async def forgot_password(request: Visit) -> Response[str]:
    form = await read_form(request, "email")
    try:
        ensure_valid_text(form)
        await _password_reset(request).request(email=form["email"], ip_address=browser_of(request).ip_address)
    except DomainError as error:
        return render_form_errors(request, "accounts/forgot.html", form, error)
    return redirect(request, "/forgot-password?sent=1")


@get("/reset-password/{token:str}")
async def reset_password_page(request: Visit, token: FromPath[str]) -> Response[str]:
    try:
        await _password_reset(request).ensure_usable(token)
    except LinkNotUsable:
        return render_link_expired(request)
    return without_referrer(render(request, "accounts/reset.html", form=None))


@post("/reset-password/{token:str}", status_code=200)
async def reset_password(request: Visit, token: FromPath[str]) -> Response[str]:
    form = await read_form(request, "password")
    try:
        ensure_valid_text(form)
        ip_address = browser_of(request).ip_address
        await _password_reset(request).reset(token, password=form["password"], ip_address=ip_address)
    except LinkNotUsable:
        return render_link_expired(request)
    except DomainError as error:
        return without_referrer(render_form_errors(request, "accounts/reset.html", form, error))
    cleared_cookie = session_cookie(SETTINGS.get(request.app).public_url, None)
    return redirect(request, "/login", "Your password is changed. Sign in with the new one.", cookies=[cleared_cookie])


HANDLERS = (
    forgot_password_page,
    forgot_password,
    reset_password_page,
    reset_password,
)


def _password_reset(request: Visit) -> PasswordReset:
    return ACCOUNT_SERVICES.get(request.app).password_reset
