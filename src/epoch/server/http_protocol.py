"""uvicorn's HTTP protocol with what a server that faces the internet needs besides: an orderly end."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

FIRST_REQUEST_SECONDS = 1.0
"""How long a connection without a request so far stays open when the server stops: its request may be on the way."""


class ConnectionRegistry:
    """The open HTTP connections of one worker."""

    def __init__(self) -> None:
        self.is_draining = False
        self._connections: set[HttpConnection] = set()

    def create_protocol(self, **arguments: Any) -> "HttpConnection":
        """A protocol for one connection; uvicorn calls it with its own arguments."""
        return HttpConnection(self, **arguments)

    def add(self, connection: "HttpConnection") -> None:
        self._connections.add(connection)

    def discard(self, connection: "HttpConnection") -> None:
        self._connections.discard(connection)

    def drain(self) -> None:
        """From now on each answer carries ``Connection: close``, so that clients connect to another server."""
        self.is_draining = True
        for connection in self._connections:
            connection.close_after_answer()


class HttpConnection(HttpToolsProtocol):
    """One connection of a client."""

    def __init__(self, registry: ConnectionRegistry, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._registry = registry

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn does
        super().connection_made(transport)
        self._registry.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._registry.discard(self)
        super().connection_lost(exc)

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        if self._registry.is_draining:
            self.close_after_answer()

    def close_after_answer(self) -> None:
        """Let the answer of the newest request, when it has not begun, carry ``Connection: close``."""
        newest: RequestResponseCycle | None = self.pipeline[0][0] if self.pipeline else self.cycle
        if newest is not None and not newest.response_started:
            newest.keep_alive = False

    def shutdown(self) -> None:
        """Called when the server has stopped to accept: close, at once or after the answer."""
        if self.cycle is None:
            self.loop.call_later(FIRST_REQUEST_SECONDS, super().shutdown)
        else:
            super().shutdown()
