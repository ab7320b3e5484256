"""Exception handlers that render error pages; those for paths without a route answer API paths with problem details."""

from http import HTTPStatus
from typing import Any

from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException, ValidationException
from litestar.types import ExceptionHandlersMap

from accounts.errors import NotSignedIn
from dashboard.form_pages import page_of_form
from dashboard.formats import format_wait
from dashboard.pages import is_own_path, login_path, page_headers, redirect, render
from kit import errors
from kit.errors import DomainError
from kit.failures import FAILURES, is_client_disconnected
from kit.http.app_key import SETTINGS
from kit.http.problems import EXCEPTION_HANDLERS, problem_headers, status_of

_NON_PAGE_PREFIXES = ("/api", "/widget", "/voice", "/health", "/metrics", "/schema")
_TITLES_AND_ADVICE = {
    400: ("This request could not be read", "Go back, reload the page and try again."),
    403: ("This is not open to you", "Ask an owner or an admin of the organization."),
    404: (
        "This page does not exist",
        "The URL may be mistyped, or the page was deleted or belongs to others.",
    ),
    405: ("This page cannot be used that way", "Go back and follow a link or use a button."),
    413: ("This form is too large", "Go back: the browser has kept what you typed. Shorten it, then send it again."),
    429: ("Too many requests", "Wait a minute, then try again."),
    500: ("Something went wrong on our side", "The error is in our log. Try again in a moment."),
    503: ("Service temporarily unavailable", "Nothing was lost or changed. Try again in a moment."),
}


def problem_page(
    request: Request[Any, Any, Any], status: int, detail: str | None = None, headers: dict[str, str] | None = None
) -> Response[str]:
    """Error page: what is wrong and what to do next; ``detail`` replaces the usual advice."""
    title, advice = _TITLES_AND_ADVICE.get(status, (HTTPStatus(status).phrase, "Go back and try again."))
    response = render(request, "problem.html", status=status, code=status, title=title, advice=detail or advice)
    for name, value in (headers or {}).items():
        response.headers[name] = value
    return response


def _on_not_signed_in(request: Request[Any, Any, Any], _: NotSignedIn) -> Response[Any]:
    headers = page_headers(SETTINGS.get(request.app))
    # htmx would load a redirect's target into a part of the page: this header makes it load the whole page.
    if request.headers.get("hx-request") == "true":
        return Response(
            "", status_code=401, media_type=MediaType.HTML, headers={**headers, "HX-Redirect": login_path(request)}
        )
    return Response(
        "", status_code=303, media_type=MediaType.HTML, headers={**headers, "Location": login_path(request)}
    )


def _on_refusal(request: Request[Any, Any, Any], error: DomainError) -> Response[Any]:
    status = status_of(error)
    detail = None if isinstance(error, (errors.NotFound, errors.Unavailable)) else f"{error.message}."
    if isinstance(error, errors.TooMany):
        detail = f"{error.message}. Try again in {format_wait(error.retry_after)}."
    return problem_page(request, status, detail, problem_headers(error))


def _on_http_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    if error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _on_fault(request, error)
    return problem_page(request, error.status_code, headers=dict(error.headers or {}))


def _on_malformed_url(request: Request[Any, Any, Any], _: ValidationException) -> Response[Any]:
    """404 for a malformed path or query."""
    return problem_page(request, 404)


def _on_fault(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    if is_client_disconnected(error):
        return problem_page(request, 400)
    is_dependency_failure = FAILURES.report(error, where=request.scope["path"])
    return problem_page(request, 503 if is_dependency_failure else 500)


PAGE_EXCEPTION_HANDLERS: ExceptionHandlersMap = {
    NotSignedIn: _on_not_signed_in,
    DomainError: _on_refusal,
    ValidationException: _on_malformed_url,
    HTTPException: _on_http_error,
    Exception: _on_fault,
}


def _is_page(path: str) -> bool:
    return not any(path == start or path.startswith(f"{start}/") for start in _NON_PAGE_PREFIXES)


def _on_unrouted_path(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """For paths without a route: API paths get problem details, the rest an error page."""
    if not _is_page(request.scope["path"]):
        response: Response[Any] = EXCEPTION_HANDLERS[HTTPException](request, error)
        return response
    if isinstance(error, MethodNotAllowedException) and request.method in ("GET", "HEAD"):
        # After a refused form the browser shows the form's URL; a reload opens it by GET.
        target = page_of_form(request.app, request.scope["path"])
        return redirect(request, target if is_own_path(target) else "/")
    return _on_http_error(request, error)


def _on_unhandled_fault(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """For routes that are neither of the API nor of the dashboard, such as the guide."""
    if _is_page(request.scope["path"]):
        return _on_fault(request, error)
    response: Response[Any] = EXCEPTION_HANDLERS[Exception](request, error)
    return response


UNROUTED_HANDLERS: ExceptionHandlersMap = {
    NotFoundException: _on_unrouted_path,
    MethodNotAllowedException: _on_unrouted_path,
    Exception: _on_unhandled_fault,
}
"""Exception handlers of the application, for paths without a route and routes without handlers of their own."""
