"""Sends requests to an application in the test's own process."""

from typing import Any, cast

import httpx
from litestar import Litestar


def asgi_transport(app: Litestar, *, address: str = "127.0.0.1") -> httpx.ASGITransport:
    """A transport for ``httpx.AsyncClient``; ``address`` is the client's address in the requests."""
    # httpx and Litestar spell the ASGI types differently; at run time they are the same.
    return httpx.ASGITransport(cast(Any, app), client=(address, 40_000))
