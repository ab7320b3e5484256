"""A transport that sends HTTP requests to an application in the test's own process; response headers for comparison."""

from typing import Any, cast

import httpx
from litestar import Litestar


def asgi_transport(app: Litestar, *, address: str = "127.0.0.1") -> httpx.ASGITransport:
    """A transport for ``httpx.AsyncClient``; ``address`` is the client's IP address in the requests."""
    # httpx and Litestar spell the ASGI types differently; at run time they are the same.
    return httpx.ASGITransport(cast(Any, app), client=(address, 40_000))


def headers_without_request_id(answer: httpx.Response) -> list[tuple[str, str]]:
    """The headers of an answer, sorted by name, without the request id, which differs in each answer."""
    return sorted((name, value) for name, value in answer.headers.multi_items() if name != "x-request-id")
