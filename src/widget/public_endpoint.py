"""Makes the raw ASGI routes to which a widget on any website may POST, such as the exchange and the status.

They bypass the framework's request cycle (sessions, dependency injection, response objects): the exchange is the
product's hottest path and needs none of it.
"""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import asgi
from litestar.handlers import ASGIRouteHandler
from litestar.types import HTTPScope, Receive, Scope, Send

from kit.errors import DomainError, MethodNotAllowed, Unavailable
from kit.failures import FAILURES
from kit.http.asgi import ResponseHead, read_body, send_response, send_with_head
from kit.http.problems import MEDIA_TYPE, problem_body, problem_headers, status_of
from kit.http.security_headers import SecurityHeaders
from widget.refusals import request_help
from widget.token_auth import (
    AnyWidgetRequest,
    AuthenticatedWidget,
    TokenAuthenticator,
    parse_widget_request,
    read_metadata,
)

MAX_BODY_BYTES = 16_384
OUTCOME_OK = "ok"
"""The outcome that is counted for a request that was not refused."""
PUBLIC_HEADERS = [(b"access-control-allow-origin", b"*"), (b"cache-control", b"no-store")]
_JSON_HEADERS = [(b"content-type", b"application/json"), *PUBLIC_HEADERS]
_PREFLIGHT_HEADERS = [
    *PUBLIC_HEADERS,
    (b"allow", b"POST, OPTIONS"),
    (b"access-control-allow-methods", b"POST, OPTIONS"),
    (b"access-control-allow-headers", b"content-type"),
    (b"access-control-max-age", b"86400"),
]
_encode = msgspec.json.Encoder().encode

WidgetRequestHandler = Callable[[AuthenticatedWidget, AnyWidgetRequest], Awaitable[bytes]]
"""Returns the JSON body of the response to an authenticated widget; empty for a response without content (204)."""


def public_endpoint(
    path: str,
    authenticator: TokenAuthenticator,
    handler: WidgetRequestHandler[AnyWidgetRequest],
    count: Callable[[str], None],
    security_headers: SecurityHeaders,
    *,
    request_type: type[AnyWidgetRequest],
    max_body_bytes: int = MAX_BODY_BYTES,
) -> ASGIRouteHandler:
    """A route to which any page may POST. Pages may read every response, errors included; caches may store none.

    ``count`` is called once for each request with ``<purpose>.ok`` or ``<purpose>.<code of the refusal>``; the purpose
    is the last part of ``path``.
    """
    purpose = path.rsplit("/", 1)[-1]
    # Completed here and not for each response, because this is the hottest path.
    success = ResponseHead(HTTPStatus.OK, security_headers.complete(_JSON_HEADERS))
    empty_success = security_headers.complete(PUBLIC_HEADERS)
    decoder = msgspec.json.Decoder(request_type)
    preflight_headers = security_headers.complete(_PREFLIGHT_HEADERS)
    succeeded, unavailable = f"{purpose}.{OUTCOME_OK}", f"{purpose}.{Unavailable.code}"

    async def respond(scope: HTTPScope, receive: Receive) -> bytes:
        if scope["method"] != "POST":
            raise MethodNotAllowed("Use POST")
        body = await read_body(receive, limit=max_body_bytes)
        metadata = read_metadata(scope)
        request = parse_widget_request(metadata, body, decoder)
        return await handler(await authenticator.authenticate(metadata, request, purpose=purpose), request)

    @asgi(path, copy_scope=False)
    async def endpoint(scope: Scope, receive: Receive, send: Send) -> None:
        http: Any = scope
        if http["method"] == "OPTIONS":
            await send_response(send, 204, preflight_headers)
            return
        try:
            body = await respond(http, receive)
        except DomainError as error:
            count(f"{purpose}.{error.code}")
            await _send_problem(send, error, security_headers)
        except Exception as error:
            FAILURES.report(error, where=path)
            count(unavailable)
            await _send_problem(send, Unavailable(), security_headers)
        else:
            count(succeeded)
            if body:
                await send_with_head(http, send, success, body)
            else:
                await send_response(send, HTTPStatus.NO_CONTENT, empty_success)

    return endpoint


async def _send_problem(send: Send, error: DomainError, security_headers: SecurityHeaders) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, value in problem_headers(error).items()]
    if headers:
        headers.append((b"access-control-expose-headers", b"retry-after"))
    if isinstance(error, MethodNotAllowed):
        headers.append((b"allow", b"POST, OPTIONS"))
    headers = security_headers.complete([(b"content-type", MEDIA_TYPE.encode()), *PUBLIC_HEADERS, *headers])
    body = {**problem_body(error), **request_help(error)}
    await send_response(send, status_of(error), headers, _encode(body))
