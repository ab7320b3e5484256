"""A server on this machine that receives webhooks, with answers that the test chooses."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple

import msgspec

from support.loopback_server import serving_on_loopback
from support.waiting import wait_until


class Received(NamedTuple):
    """A request that the receiver got."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.json.decode(self.body)
        return found


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


def answer(status: int, body: str = "", *headers: str) -> bytes:
    """A whole response."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body.encode())}", "Connection: close", *headers]
    return "\r\n".join([*lines, "", body]).encode()


async def _no_delay() -> None:
    """Answer at once."""


class WebhookReceiver:
    """Records requests. ``respond`` returns the bytes of each response; None leaves the request unanswered."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.respond: Callable[[Received], bytes | None] = lambda _: OK
        self.delay: Callable[[], Awaitable[object]] = _no_delay
        """Awaited before each response."""
        self.port = 0
        self.open_requests = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def of(self, path: str) -> list[Received]:
        """The requests to ``path``."""
        return [request for request in self.received if request.path == path]

    async def wait_for(self, count: int, path: str = "/hook") -> list[Received]:
        """Wait for ``count`` requests to ``path``; return all of them."""
        await wait_until(lambda: len(self.of(path)) >= count)
        return self.of(path)

    @asynccontextmanager
    async def serving(self, *, tls: ssl.SSLContext | None = None) -> AsyncIterator["WebhookReceiver"]:
        async with serving_on_loopback(self._serve, self.port, backlog=2000, ssl=tls) as self.port:
            yield self

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open_requests += 1
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                head, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                request = Received(head.split(" ")[1], headers, body)
                self.received.append(request)
                await self.delay()
                response = self.respond(request)
                if response is None:
                    await reader.read()  # until the client gives up
                    return
                writer.write(response)
                await writer.drain()
        finally:
            self.open_requests -= 1
            writer.close()
