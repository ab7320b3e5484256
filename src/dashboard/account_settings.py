"""``/account``: a person's own settings. Each form saves separately and comes back with its errors."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

import msgspec
import segno
from litestar import Request, Response, get, post
from litestar.datastructures import Cookie, State
from litestar.params import FromPath

from accounts.account_services import ACCOUNT_SERVICES
from accounts.account_settings import AccountSettings
from accounts.auth import current_actor, current_viewer, session_cookie
from accounts.errors import SecondFactorUnchanged
from accounts.second_factor import enrolment_uri
from accounts.user_agents import describe_user_agent
from dashboard.guards import loads_memberships
from dashboard.pages import redirect, render
from kit.encryption import Encryptor
from kit.errors import DomainError, NotFound, TooMany, Unauthenticated
from kit.http.app_key import SETTINGS
from kit.http.forms import Form, ensure_valid_text, read_form
from kit.http.problems import problem_headers, status_of

Visit = Request[Any, Any, State]
RECOVERY_CODES_COOKIE = "codes"
"""Cookie that carries new recovery codes to the one page that shows them."""
_CODES_SECONDS = 60
_CODES_PATH = "/account/recovery-codes"


@get("/account", guards=[loads_memberships])
async def account_page(request: Visit) -> Response[str]:
    return await _page(request)


@post("/account/name", guards=[loads_memberships], status_code=200)
async def change_name(request: Visit) -> Response[str]:
    form = await read_form(request, "name")

    async def work() -> Response[str]:
        await _account_settings(request).rename(current_viewer(request), name=form["name"], by=current_actor(request))
        return redirect(request, "/account", "Your name is saved.")

    return await _redirect_or_form(request, "name", form, work)


@post("/account/email", guards=[loads_memberships], status_code=200)
async def change_email(request: Visit) -> Response[str]:
    form = await read_form(request, "email", "password")

    async def work() -> Response[str]:
        await _account_settings(request).request_email_change(
            current_viewer(request), email=form["email"], password=form["password"], by=current_actor(request)
        )
        return redirect(request, "/account", "Open the link that we sent to the new address.")

    return await _redirect_or_form(request, "email", form, work)


@post("/account/verification", guards=[loads_memberships], status_code=200)
async def resend_verification(request: Visit) -> Response[str]:
    form = await read_form(request)

    async def work() -> Response[str]:
        await ACCOUNT_SERVICES.get(request.app).registration.resend(current_viewer(request))
        return redirect(request, "/account", "The link is on its way.")

    return await _redirect_or_form(request, "verification", form, work)


@post("/account/password", guards=[loads_memberships], status_code=200)
async def change_password(request: Visit) -> Response[str]:
    form = await read_form(request, "current_password", "new_password")

    async def work() -> Response[str]:
        raw = await _account_settings(request).change_password(
            current_viewer(request),
            current=form["current_password"],
            new=form["new_password"],
            by=current_actor(request),
        )
        notice = "Your password is changed. Other browsers are signed out."
        return redirect(request, "/account", notice, cookies=[_session_cookie(request, raw)])

    return await _redirect_or_form(request, "password", form, work)


@post("/account/sessions/{session_id:uuid}/end", guards=[loads_memberships], status_code=200)
async def end_session(request: Visit, session_id: FromPath[UUID]) -> Response[str]:
    await read_form(request)
    await _account_settings(request).end_session(current_viewer(request), session_id, by=current_actor(request))
    return redirect(request, "/account", "That browser is signed out.")


@post("/account/sessions/end-others", guards=[loads_memberships], status_code=200)
async def end_other_sessions(request: Visit) -> Response[str]:
    await read_form(request)
    await _account_settings(request).end_other_sessions(current_viewer(request), by=current_actor(request))
    return redirect(request, "/account", "Every other browser is signed out.")


@post("/account/second-factor", guards=[loads_memberships], status_code=200)
async def start_second_factor(request: Visit) -> Response[str]:
    form = await read_form(request, "password")

    async def work() -> Response[str]:
        await _account_settings(request).start_second_factor(
            current_viewer(request), password=form["password"], by=current_actor(request)
        )
        return redirect(request, "/account/second-factor")

    return await _redirect_or_form(request, "second-factor", form, work)


@get("/account/second-factor", guards=[loads_memberships])
async def second_factor_page(request: Visit) -> Response[str]:
    return await _second_factor_form(request, None)


@post("/account/second-factor/confirm", guards=[loads_memberships], status_code=200)
async def confirm_second_factor(request: Visit) -> Response[str]:
    form = await read_form(request, "code")
    try:
        ensure_valid_text(form)
        codes, raw = await _account_settings(request).confirm_second_factor(
            current_viewer(request), code=form["code"], by=current_actor(request)
        )
    except SecondFactorUnchanged:
        return redirect(request, "/account")
    except DomainError as error:
        return await _second_factor_form(request, form.refused(error), status=status_of(error))
    cookies = [_session_cookie(request, raw), _codes_cookie(request, codes)]
    return redirect(request, _CODES_PATH, "Two-step sign-in is on.", cookies=cookies)


@post("/account/second-factor/disable", guards=[loads_memberships], status_code=200)
async def disable_second_factor(request: Visit) -> Response[str]:
    form = await read_form(request, "password", "code")

    async def work() -> Response[str]:
        raw = await _account_settings(request).disable_second_factor(
            current_viewer(request), password=form["password"], code=form["code"], by=current_actor(request)
        )
        return redirect(request, "/account", "Two-step sign-in is off.", cookies=[_session_cookie(request, raw)])

    return await _redirect_or_form(request, "disable", form, work)


@post("/account/recovery-codes", guards=[loads_memberships], status_code=200)
async def renew_recovery_codes(request: Visit) -> Response[str]:
    form = await read_form(request, "code")

    async def work() -> Response[str]:
        codes = await _account_settings(request).renew_recovery_codes(
            current_viewer(request), code=form["code"], by=current_actor(request)
        )
        return redirect(request, _CODES_PATH, cookies=[_codes_cookie(request, codes)])

    return await _redirect_or_form(request, "codes", form, work)


@get("/account/recovery-codes", guards=[loads_memberships])
async def recovery_codes_page(request: Visit) -> Response[str]:
    """Show new codes once; a reload shows none."""
    sealed = request.cookies.get(RECOVERY_CODES_COOKIE)
    opened = _codes_encryptor(request).decrypt(sealed, seconds=_CODES_SECONDS) if sealed else None
    if opened is None:
        return redirect(request, "/account")
    answer = render(request, "accounts/recovery_codes.html", codes=msgspec.json.decode(opened, type=list[str]))
    answer.set_cookie(_codes_cookie(request, None))
    return answer


HANDLERS = (
    account_page,
    change_name,
    change_email,
    resend_verification,
    change_password,
    end_session,
    end_other_sessions,
    start_second_factor,
    second_factor_page,
    confirm_second_factor,
    disable_second_factor,
    renew_recovery_codes,
    recovery_codes_page,
)


async def _redirect_or_form(
    request: Visit, section: str, form: Form, work: Callable[[], Awaitable[Response[str]]]
) -> Response[str]:
    """Run ``work``; on a refusal show the page again with the errors in ``section``."""
    try:
        ensure_valid_text(form)
        return await work()
    except (Unauthenticated, NotFound):
        raise
    except DomainError as error:
        refused = form.refused(error)
        if isinstance(error, TooMany) and error.message == TooMany.message:
            refused = Form(form.values, {"": f"Too many wrong attempts. Try again in {error.retry_after} seconds."})
        answer = await _page(request, status=status_of(error), **{section.replace("-", "_"): refused})
        for name, value in problem_headers(error).items():
            answer.headers[name] = value
        return answer


async def _page(request: Visit, *, status: int = 200, **forms: Form) -> Response[str]:
    who = current_viewer(request)
    user, _, codes_left = await _account_settings(request).get_second_factor(who)
    sessions = await _account_settings(request).list_sessions(who)
    return render(
        request,
        "accounts/account.html",
        status=status,
        forms=forms,
        has_second_factor=user.totp_enabled_at is not None,
        codes_left=codes_left,
        sessions=[(row, describe_user_agent(row.user_agent), row.id == who.session_id) for row in sessions],
    )


async def _second_factor_form(request: Visit, form: Form | None, *, status: int = 200) -> Response[str]:
    """Page with the QR code and the field for the first code; redirects to the account when no enrolment is pending."""
    user, secret, _ = await _account_settings(request).get_second_factor(current_viewer(request))
    if secret is None:
        return redirect(request, "/account")
    picture = segno.make(enrolment_uri(user.email, secret), micro=False).svg_data_uri(scale=5, light="#ffffff")
    groups = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    return render(request, "accounts/enrol.html", status=status, form=form, picture=picture, secret=groups)


def _account_settings(request: Visit) -> AccountSettings:
    changes: AccountSettings = ACCOUNT_SERVICES.get(request.app).account_settings
    return changes


def _session_cookie(request: Visit, raw: str) -> Cookie:
    return session_cookie(SETTINGS.get(request.app).public_url, raw)


def _codes_encryptor(request: Visit) -> Encryptor:
    return Encryptor(SETTINGS.get(request.app).secret_key, RECOVERY_CODES_COOKIE)


def _codes_cookie(request: Visit, codes: Sequence[str] | None) -> Cookie:
    settings = SETTINGS.get(request.app)
    return Cookie(
        key=RECOVERY_CODES_COOKIE,
        value="" if codes is None else _codes_encryptor(request).encrypt(msgspec.json.encode(list(codes))),
        max_age=0 if codes is None else _CODES_SECONDS,
        path=_CODES_PATH,
        httponly=True,
        secure=settings.public_is_https,
        samesite="lax",
    )
