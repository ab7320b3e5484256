"""The response wrapper that measures requests (ObservedResponse) frees each request without the garbage collector."""

import gc
import weakref
from typing import Any

import pytest

from epoch.observed_response import ObservedResponse
from kit.http.asgi import SEND_AT_ONCE

pytestmark = pytest.mark.anyio


class ServerRequest:
    """One request in a server, which holds its scope."""

    def __init__(self) -> None:
        extensions = {SEND_AT_ONCE: lambda _head, _body: True}
        self.scope: dict[str, Any] = {
            "path": "/widget/exchange",
            "method": "POST",
            "headers": [],
            "extensions": extensions,
        }

    async def send(self, message: Any) -> None:
        """Send nothing."""


async def test_a_request_is_released_without_the_garbage_collector() -> None:
    gc.disable()
    try:
        request = ServerRequest()
        answer = ObservedResponse(request.scope, request.send)
        assert request.scope["extensions"][SEND_AT_ONCE](b"HTTP/1.1 200 OK\r\n", b"{}")
        answer.end()
        kept = weakref.ref(request)
        del answer, request
        assert kept() is None
    finally:
        gc.enable()
