"""The base of the sandbox's REST endpoints: routes, credentials, pages of lists, and errors in the carrier's format."""

import secrets
from base64 import b64decode
from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import parse_qsl, urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kit.settings import CarrierSettings
from sandbox.rest_resources import Resource

DEFAULT_PAGE_ROWS, MAX_PAGE_ROWS = 50, 1000
NOT_FOUND, NOT_AUTHENTICATED, BAD_VALUE = 20404, 20003, 20001

Row = TypeVar("Row")
Handler = Callable[[Request, dict[str, str]], Response]


class RestError(Exception):
    """An error in the carrier's format."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


NO_SUCH_RESOURCE = RestError(404, NOT_FOUND, "The requested resource was not found")


class RestEndpoints:
    """Endpoints of one account; a subclass mounts them with ``_route``."""

    def __init__(self, account: CarrierSettings) -> None:
        self._account = account

    def _route(self, path: str, **handlers: Handler) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                self._authenticate(request)
                form = dict(parse_qsl((await request.body()).decode(errors="replace"), keep_blank_values=True))
                return handlers["GET" if request.method == "HEAD" else request.method](request, form)
            except RestError as error:
                return error_response(error.status, error.code, error.message)

        return Route(path, endpoint, methods=list(handlers))

    def _authenticate(self, request: Request) -> None:
        presented, account = _credentials(request), self._account
        is_key = secrets.compare_digest(presented, f"{account.api_key_sid}:{account.api_key_secret}".encode())
        if not is_key and not self._is_auth_token(request):
            raise RestError(401, NOT_AUTHENTICATED, "Authenticate")
        # Newer parts of the API have no account in their paths.
        if request.path_params.get("account_sid", account.account_sid) != account.account_sid:
            raise NO_SUCH_RESOURCE

    def _is_auth_token(self, request: Request) -> bool:
        """True when the request has the account's auth token, not an API key."""
        account = self._account
        return secrets.compare_digest(_credentials(request), f"{account.account_sid}:{account.auth_token}".encode())

    def _page(self, request: Request, name: str, rows: Sequence[Row], to_json: Callable[[Row], Resource]) -> Response:
        query = dict(request.query_params)
        size = min(_integer(query.get("PageSize"), DEFAULT_PAGE_ROWS), MAX_PAGE_ROWS) or DEFAULT_PAGE_ROWS
        page = _integer(query.get("Page"), 0)
        page_rows = rows[page * size : (page + 1) * size]

        def uri(number: int) -> str:
            return f"{request.url.path}?{urlencode({**query, 'PageSize': size, 'Page': number})}"

        is_last = (page + 1) * size >= len(rows)
        return JSONResponse(
            {
                name: [to_json(row) for row in page_rows],
                "first_page_uri": uri(0),
                "previous_page_uri": uri(page - 1) if page else None,
                "next_page_uri": None if is_last else uri(page + 1),
                "uri": uri(page),
                "page": page,
                "page_size": size,
                "start": page * size,
                "end": max(page * size + len(page_rows) - 1, 0),
            }
        )


def _credentials(request: Request) -> bytes:
    """User and password of the request, as ``user:password``; empty without them."""
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    try:
        return b64decode(credentials, validate=True) if scheme.lower() == "basic" else b""
    except ValueError:
        return b""


def error_response(status: int, code: int, message: str) -> Response:
    """An error response in the carrier's format."""
    url = f"https://www.twilio.com/docs/errors/{code}"
    return JSONResponse({"code": code, "message": message, "more_info": url, "status": status}, status)


async def http_error(_: Request, error: Exception) -> Response:
    """Starlette's own errors (no route, wrong method) in the carrier's format."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    return error_response(status, NOT_FOUND if status == 404 else 20004, "The requested resource was not found")


def or_not_found(row: Row | None) -> Row:
    """Return ``row``. Raises: RestError with status 404, when it is None."""
    if row is None:
        raise NO_SUCH_RESOURCE
    return row


def _integer(value: str | None, default: int) -> int:
    return int(value) if value is not None and value.isascii() and value.isdigit() else default
