"""What every page of the back office needs: who asks, the frame, forms, redirects, problems."""

from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import structlog
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader, Undefined
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from accounts.errors import NotSignedIn
from accounts.user_agents import describe_user_agent
from admin.back_office import BackOffice
from admin.formatters import STATUSES, moment, words
from admin.models import StaffRole
from admin.mount import BY_ITSELF
from admin.rules import ensure_staff_role
from admin.services import StaffViewer
from admin.theme import Look
from kit import errors
from kit.db.database import is_outage
from kit.encryption import Encryptor
from kit.errors import DomainError, TooMany
from kit.http.forms import Form, form_of
from kit.http.problems import problem_headers, status_of
from kit.templates import create_templates

NOTICE = "staff_notice"
NOTICE_SECONDS = 60
_WORDS = {
    400: ("This request could not be read", "Go back, reload the page and try again."),
    403: ("This is not open to you", "Ask an admin of the back office."),
    404: ("There is nothing here", "The address may be mistyped, or what it named is gone."),
    405: ("This page cannot be used that way", "Go back and follow a link or use a button."),
    500: ("Something went wrong on our side", "We have noted it. Nothing was changed. Try again in a moment."),
    503: ("The database does not answer", "Nothing was lost or changed. Try again in a moment."),
}
log = structlog.get_logger("epoch.admin")


class Notice(msgspec.Struct, frozen=True):
    """A short sentence for the next page."""

    text: str
    is_problem: bool = False


def environment(look: Look, *, sandbox: bool) -> Environment:
    """The templates: the back office's own, the parts it shares with the customers' pages, and sqladmin's."""
    own = Path(__file__).parent / "templates"
    loader = ChoiceLoader([FileSystemLoader(own), FileSystemLoader(look.templates), PackageLoader("sqladmin")])
    # sqladmin's own templates read names that are not there.
    templates = create_templates(own, loader=loader, undefined=Undefined, enable_async=True)
    templates.filters.update(look.filters)
    templates.filters["browser"] = describe_user_agent
    templates.filters["moment"] = moment
    templates.filters["status"] = STATUSES.__getitem__
    templates.filters["words"] = words
    templates.globals.update(look.words)
    templates.globals.update(
        asset=lambda name: f"/widget/{look.assets[name]}", sandbox=sandbox, notice=None, csrf_token="", viewer=None
    )
    return templates


def office(request: Request) -> BackOffice:
    """What the pages work with."""
    found: BackOffice = request.state.office
    return found


def viewer(request: Request) -> StaffViewer:
    """The staff member behind the request. Raises: NotSignedIn."""
    found: StaffViewer | None = request.state.viewer
    if found is None:
        raise NotSignedIn
    return found


def requires(request: Request, role: StaffRole) -> StaffViewer:
    """The staff member, whose role is at least ``role``. Raises: NotSignedIn, StaffRoleTooLow."""
    found = viewer(request)
    ensure_staff_role(found.role, role)
    return found


def frame(request: Request) -> dict[str, Any]:
    """What the frame around a page shows."""
    return {
        "request": request,
        "viewer": request.state.viewer,
        "path": request.scope["path"],
        "notice": read_notice(request),
    }


async def render(request: Request, template: str, *, status: int = 200, **context: Any) -> Response:
    """The page ``template`` in the frame."""
    templates: Environment = request.state.templates
    page = await templates.get_template(template).render_async(**frame(request), **context)
    answer = HTMLResponse(page, status_code=status)
    if NOTICE in request.cookies:
        set_cookie(request, answer, NOTICE, None)
    return answer


async def read_form(request: Request, *fields: str) -> Form:
    """The form of ``request``. Raises: UnsupportedMediaType, MalformedRequest."""
    return form_of(request.headers, await request.body(), *fields)


def redirect(request: Request, path: str, notice: str | None = None, *, is_problem: bool = False) -> Response:
    """See ``path``, one of ours, next (303), with ``notice`` shown there once."""
    answer = Response(status_code=303, headers={"Location": path})
    if notice is not None:
        sealed = _sealer(request).encrypt(msgspec.json.encode(Notice(notice, is_problem)))
        set_cookie(request, answer, NOTICE, sealed, seconds=NOTICE_SECONDS)
    return answer


def read_notice(request: Request) -> Notice | None:
    """The notice that the page before left, if it is ours and fresh."""
    raw = request.cookies.get(NOTICE)
    opened = _sealer(request).decrypt(raw, seconds=NOTICE_SECONDS) if raw else None
    return None if opened is None else msgspec.json.decode(opened, type=Notice)


def set_cookie(
    request: Request, answer: Response, key: str, value: str | None, *, seconds: int = 0, path: str = "/admin"
) -> None:
    """Give the browser a cookie for the back office alone, or take it away when ``value`` is None."""
    answer.set_cookie(
        key,
        value or "",
        max_age=seconds if value else 0,
        path=path,
        httponly=True,
        secure=office(request).settings.public_is_https,
        samesite="strict",
    )


async def again(request: Request, template: str, form: Form, error: DomainError, **context: Any) -> Response:
    """The form once more, with what was typed and what is wrong with it."""
    refused = form.refused(error)
    if isinstance(error, TooMany):
        refused = Form(form.values, {"": f"{error.message}. Try again in {error.retry_after} seconds."})
    answer = await render(request, template, status=status_of(error), form=refused, **context)
    answer.headers.update(problem_headers(error))
    return answer


async def problem(request: Request, error: Exception) -> Response:
    """The page that says what is wrong and what to do next; of faults never more than that there is one."""
    if isinstance(error, NotSignedIn):
        return to_the_door(request)
    detail: str | None = None
    headers: dict[str, str] = {}
    if isinstance(error, DomainError):
        status, headers = status_of(error), problem_headers(error)
        detail = None if isinstance(error, (errors.NotFound, errors.Unavailable)) else f"{error.message}."
    elif isinstance(error, HTTPException):
        status = error.status_code
    else:
        status = 503 if is_outage(error) else 500
    title, advice = _WORDS.get(status, (HTTPStatus(status).phrase, "Go back and try again."))
    said: dict[str, Any] = {"code": status, "title": title, "advice": detail or advice}
    answer = await render(request, "office/problem.html", status=status, **said)
    answer.headers.update(headers)
    return answer


def note(path: str, error: Exception) -> None:
    """Log a fault: of one in the database its kind alone, because its text holds what customers typed."""
    if is_outage(error):
        log.warning("database_unavailable", error=type(error).__name__)
    elif isinstance(error, SQLAlchemyError):
        log.error("unexpected_error", path=path, error=type(error).__name__, sqlstate=getattr(error, "code", None))
    else:
        log.error("unexpected_error", path=path, exc_info=error)


def to_the_door(request: Request) -> Response:
    """Where to sign in, and to come back from; what was posted is not repeated. A script is only told."""
    if request.scope["path"] == BY_ITSELF:
        return Response(status_code=401)
    asked = request.scope["path"] + (f"?{request.url.query}" if request.url.query else "")
    back = f"?next={quote(asked, safe='/')}" if request.method == "GET" and asked != "/admin" else ""
    return Response(status_code=303, headers={"Location": f"/admin/login{back}"})


def own_path(path: str | None) -> str:
    """Where to go afterwards: a page of the back office, or its first."""
    is_ours = path is not None and (path + "/").startswith("/admin/") and path.isascii() and path.isprintable()
    return path if path is not None and is_ours and "\\" not in path else "/admin"


def _sealer(request: Request) -> Encryptor:
    return Encryptor(office(request).settings.secret_key, NOTICE)
