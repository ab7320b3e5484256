"""Helpers for the back office's page handlers: rendering, roles, forms, redirects, notices, cookies, error pages."""

from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import structlog
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader, Undefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from accounts.errors import NotSignedIn
from accounts.user_agents import describe_user_agent
from admin.back_office import BackOffice
from admin.formatters import call_status_name, humanize_name
from admin.models import StaffRole
from admin.mount import OPERATIONS_REFRESH_PATH
from admin.rules import ensure_staff_role
from admin.services import StaffViewer
from admin.theme import Theme
from kit import errors
from kit.encryption import Encryptor
from kit.errors import DomainError, TooMany
from kit.failures import FAILURES, failing_dependency, is_client_disconnected
from kit.http.forms import Form, form_of
from kit.http.problems import problem_headers, status_of
from kit.templates import create_templates

NOTICE_COOKIE = "staff_notice"
NOTICE_SECONDS = 60
_PROBLEM_TEXTS = {
    400: ("This request could not be read", "Go back, reload the page and try again."),
    403: ("This is not open to you", "Ask an admin of the back office."),
    404: ("There is nothing here", "The address may be mistyped, or the record was deleted."),
    405: ("This page cannot be used that way", "Go back and follow a link or use a button."),
    500: ("Something went wrong on our side", "The error was logged. Nothing was changed. Try again in a moment."),
    503: ("Service temporarily unavailable", "Nothing was lost or changed. Try again in a moment."),
}
log = structlog.get_logger("epoch.admin")


class Notice(msgspec.Struct, frozen=True):
    """A sentence that the next page shows once."""

    text: str
    is_problem: bool = False


def make_templates(theme: Theme, *, sandbox: bool) -> Environment:
    """The Jinja environment: the back office's own templates, the theme's, and sqladmin's."""
    own = Path(__file__).parent / "templates"
    loader = ChoiceLoader([FileSystemLoader(own), FileSystemLoader(theme.templates), PackageLoader("sqladmin")])
    # sqladmin's own templates read undefined names.
    templates = create_templates(own, loader=loader, undefined=Undefined, enable_async=True)
    templates.filters.update(theme.filters)
    templates.filters["browser"] = describe_user_agent
    templates.filters["status"] = call_status_name
    templates.filters["humanize"] = humanize_name
    templates.globals.update(theme.globals)
    templates.globals.update(
        asset=lambda name: f"/widget/{theme.assets[name]}", sandbox=sandbox, notice=None, csrf_token="", viewer=None
    )
    return templates


def back_office(request: Request) -> BackOffice:
    """The objects that the pages work with."""
    found: BackOffice = request.state.back_office
    return found


def viewer(request: Request) -> StaffViewer:
    """The staff member behind the request. Raises: NotSignedIn."""
    found: StaffViewer | None = request.state.viewer
    if found is None:
        raise NotSignedIn
    return found


def require_role(request: Request, role: StaffRole) -> StaffViewer:
    """Require a role of at least ``role``; return the staff member. Raises: NotSignedIn, StaffRoleTooLow."""
    found = viewer(request)
    ensure_staff_role(found.role, role)
    return found


def layout_context(request: Request) -> dict[str, Any]:
    """The template variables of the layout: those of the menu, the header and the notice."""
    return {
        "request": request,
        "viewer": request.state.viewer,
        "path": request.scope["path"],
        "notice": read_notice(request),
    }


async def render(request: Request, template: str, *, status: int = 200, **context: Any) -> Response:
    """Render ``template`` with the variables of ``layout_context`` and ``context``."""
    templates: Environment = request.state.templates
    page = await templates.get_template(template).render_async(**layout_context(request), **context)
    response = HTMLResponse(page, status_code=status)
    clear_notice(request, response)
    return response


async def read_form(request: Request, *fields: str) -> Form:
    """The form of ``request``. Raises: UnsupportedMediaType, MalformedRequest."""
    return form_of(request.headers, await request.body(), *fields)


def redirect(request: Request, path: str, notice: str | None = None, *, is_problem: bool = False) -> Response:
    """Redirect (303) to ``path``, which must be a path of this site, and show ``notice`` there once."""
    response = Response(status_code=303, headers={"Location": path})
    if notice is not None:
        encrypted = _notice_encryptor(request).encrypt(msgspec.json.encode(Notice(notice, is_problem)))
        set_cookie(request, response, NOTICE_COOKIE, encrypted, seconds=NOTICE_SECONDS)
    return response


def read_notice(request: Request) -> Notice | None:
    """The notice set by the previous page; None when it is forged or too old."""
    encrypted = request.cookies.get(NOTICE_COOKIE)
    decrypted = _notice_encryptor(request).decrypt(encrypted, seconds=NOTICE_SECONDS) if encrypted else None
    return None if decrypted is None else msgspec.json.decode(decrypted, type=Notice)


def clear_notice(request: Request, response: Response) -> None:
    """Delete the notice that the page in ``response`` shows: on a later page it may not be true any more."""
    if NOTICE_COOKIE in request.cookies:
        set_cookie(request, response, NOTICE_COOKIE, None)


def set_cookie(
    request: Request, response: Response, key: str, value: str | None, *, seconds: int = 0, path: str = "/admin"
) -> None:
    """Set a cookie that the browser sends to the back office alone; None deletes it."""
    response.set_cookie(
        key,
        value or "",
        max_age=seconds if value else 0,
        path=path,
        httponly=True,
        secure=back_office(request).settings.public_is_https,
        samesite="strict",
    )


async def render_form_errors(
    request: Request, template: str, form: Form, error: DomainError, **context: Any
) -> Response:
    """Render the form again, with the entered values and the errors."""
    refused = form.refused(error)
    if isinstance(error, TooMany):
        refused = Form(form.values, {"": f"{error.message}. Try again in {error.retry_after} seconds."})
    response = await render(request, template, status=status_of(error), form=refused, **context)
    response.headers.update(problem_headers(error))
    return response


async def render_problem(request: Request, error: Exception) -> Response:
    """Render the error page: what is wrong and what to do next, without details of unexpected errors."""
    if isinstance(error, NotSignedIn):
        return redirect_to_sign_in(request)
    detail: str | None = None
    headers: dict[str, str] = {}
    if isinstance(error, DomainError):
        status, headers = status_of(error), problem_headers(error)
        detail = None if isinstance(error, (errors.NotFound, errors.Unavailable)) else f"{error.message}."
    elif isinstance(error, HTTPException):
        status = error.status_code
    else:
        status = 503 if failing_dependency(error) else 500
    title, advice = _PROBLEM_TEXTS.get(status, (HTTPStatus(status).phrase, "Go back and try again."))
    context: dict[str, Any] = {"code": status, "title": title, "advice": detail or advice}
    response = await render(request, "admin/problem.html", status=status, **context)
    response.headers.update(headers)
    return response


def log_fault(path: str, error: Exception) -> None:
    """Log an unexpected error, unless it is that the client disconnected."""
    if not is_client_disconnected(error):
        FAILURES.report(error, where=path)


def redirect_to_sign_in(request: Request) -> Response:
    """Redirect to the sign-in page, which leads back to the requested page.

    The script that refreshes the page Operations gets 401.
    """
    if request.scope["path"] == OPERATIONS_REFRESH_PATH:
        return Response(status_code=401)
    # Made from the scope: the request's URL would contain the Host header, which may not be a valid host.
    query = request.scope["query_string"].decode("latin-1")
    requested = request.scope["path"] + (f"?{query}" if query else "")
    next_query = f"?next={quote(requested, safe='/')}" if request.method == "GET" and requested != "/admin" else ""
    return Response(status_code=303, headers={"Location": f"/admin/login{next_query}"})


def safe_return_path(path: str | None) -> str:
    """``path`` when it is a page of the back office, else the back office's first page."""
    is_own = path is not None and (path + "/").startswith("/admin/") and path.isascii() and path.isprintable()
    return path if path is not None and is_own and "\\" not in path else "/admin"


def _notice_encryptor(request: Request) -> Encryptor:
    return Encryptor(back_office(request).settings.secret_keys, NOTICE_COOKIE)
