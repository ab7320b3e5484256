"""``/account``: the signed-in person's name, e-mail address, password and sessions; each form saves separately."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import Cookie, State
from litestar.params import FromPath

from accounts.account_services import ACCOUNT_SERVICES
from accounts.account_settings import AccountSettings
from accounts.auth import current_actor, current_viewer, session_cookie
from accounts.errors import PasskeyChallengeNotUsable, PasskeyRefused
from accounts.user_agents import describe_user_agent
from dashboard.guards import loads_memberships
from dashboard.pages import redirect, render
from kit.errors import DomainError, NotFound, TooMany, Unauthenticated
from kit.http.app_key import SETTINGS
from kit.http.forms import Form, ensure_valid_text, read_form
from kit.http.problems import problem_headers, status_of

Visit = Request[Any, Any, State]


@get("/account", guards=[loads_memberships])
async def account_page(request: Visit) -> Response[str]:
    return await _page(request)


@post("/account/name", guards=[loads_memberships], status_code=200)
async def change_name(request: Visit) -> Response[str]:
    form = await read_form(request, "name")

    async def work() -> Response[str]:
        await account_settings_of(request).rename(current_viewer(request), name=form["name"], by=current_actor(request))
        return redirect(request, "/account", "Your name is saved.")

    return await redirect_or_form(request, "name", form, work)


@post("/account/email", guards=[loads_memberships], status_code=200)
async def change_email(request: Visit) -> Response[str]:
    form = await read_form(request, "email", "password")

    async def work() -> Response[str]:
        await account_settings_of(request).request_email_change(
            current_viewer(request), email=form["email"], password=form["password"], by=current_actor(request)
        )
        return redirect(request, "/account", "Open the link that we sent to the new address.")

    return await redirect_or_form(request, "email", form, work)


@post("/account/verification", guards=[loads_memberships], status_code=200)
async def resend_verification(request: Visit) -> Response[str]:
    form = await read_form(request)

    async def work() -> Response[str]:
        await ACCOUNT_SERVICES.get(request.app).registration.resend(current_viewer(request))
        return redirect(request, "/account", "The link is on its way.")

    return await redirect_or_form(request, "verification", form, work)


@post("/account/password", guards=[loads_memberships], status_code=200)
async def change_password(request: Visit) -> Response[str]:
    form = await read_form(request, "current_password", "new_password")

    async def work() -> Response[str]:
        raw = await account_settings_of(request).change_password(
            current_viewer(request),
            current=form["current_password"],
            new=form["new_password"],
            by=current_actor(request),
        )
        notice = "Your password is changed. Other browsers are signed out."
        return redirect(request, "/account", notice, cookies=[new_session_cookie(request, raw)])

    return await redirect_or_form(request, "password", form, work)


@post("/account/sessions/{session_id:uuid}/end", guards=[loads_memberships], status_code=200)
async def end_session(request: Visit, session_id: FromPath[UUID]) -> Response[str]:
    await read_form(request)
    await account_settings_of(request).end_session(current_viewer(request), session_id, by=current_actor(request))
    return redirect(request, "/account", "That browser is signed out.")


@post("/account/sessions/end-others", guards=[loads_memberships], status_code=200)
async def end_other_sessions(request: Visit) -> Response[str]:
    await read_form(request)
    await account_settings_of(request).end_other_sessions(current_viewer(request), by=current_actor(request))
    return redirect(request, "/account", "Every other browser is signed out.")


HANDLERS = (
    account_page,
    change_name,
    change_email,
    resend_verification,
    change_password,
    end_session,
    end_other_sessions,
)


async def redirect_or_form(
    request: Visit, section: str, form: Form, work: Callable[[], Awaitable[Response[str]]]
) -> Response[str]:
    """Run ``work``, which saves the form; on a refusal show the page again with the errors in ``section``."""
    try:
        ensure_valid_text(form)
        return await work()
    except DomainError as error:
        # A refused passkey is an error of the form; other 401s mean that the session has ended.
        is_passkey_refusal = isinstance(error, (PasskeyChallengeNotUsable, PasskeyRefused))
        is_signed_out = isinstance(error, Unauthenticated) and not is_passkey_refusal
        if is_signed_out or isinstance(error, NotFound):
            raise
        refused = form.refused(error)
        if isinstance(error, TooMany) and error.message == TooMany.message:
            refused = Form(form.values, {"": f"Too many wrong attempts. Try again in {error.retry_after} seconds."})
        response = await _page(request, status=status_of(error), **{section.replace("-", "_"): refused})
        for name, value in problem_headers(error).items():
            response.headers[name] = value
        return response


async def _page(request: Visit, *, status: int = 200, **forms: Form) -> Response[str]:
    viewer = current_viewer(request)
    user, _, codes_left = await account_settings_of(request).get_second_factor(viewer)
    sessions = await account_settings_of(request).list_sessions(viewer)
    accounts = ACCOUNT_SERVICES.get(request.app)
    return render(
        request,
        "accounts/account.html",
        status=status,
        forms=forms,
        has_second_factor=user.totp_enabled_at is not None,
        codes_left=codes_left,
        has_passkeys=accounts.passkey_ceremony.is_available,
        passkeys=await accounts.passkey_settings.list(viewer.user_id),
        passkey_name=describe_user_agent(request.headers.get("user-agent", "")),
        sessions=[(row, describe_user_agent(row.user_agent), row.id == viewer.session_id) for row in sessions],
    )


def account_settings_of(request: Visit) -> AccountSettings:
    """The application's account settings."""
    return ACCOUNT_SERVICES.get(request.app).account_settings


def new_session_cookie(request: Visit, raw: str) -> Cookie:
    """The cookie of the session that replaces the viewer's after a change of credentials."""
    return session_cookie(SETTINGS.get(request.app).public_url, raw)
