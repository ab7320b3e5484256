"""An HTTP proxy to the carrier that loses requests or responses, or responds with an error itself."""

import asyncio
import contextlib
import enum
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple

_REFUSAL = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


class Fault(enum.Enum):
    """A fault of a request."""

    REQUEST_LOST = "the connection ends before the request reaches the carrier"
    ANSWER_LOST = "the carrier handles the request, and the connection ends before the response"
    UNAVAILABLE = "the proxy responds with 503"


class Refusal(NamedTuple):
    """An error of the carrier: HTTP status, code and ``Retry-After``."""

    status: int
    code: int
    retry_after: str | None = None

    @property
    def response(self) -> bytes:
        body = f'{{"code": {self.code}, "message": "refused", "status": {self.status}}}'.encode()
        head = f"HTTP/1.1 {self.status} X\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        if self.retry_after is not None:
            head += f"\r\nRetry-After: {self.retry_after}"
        return f"{head}\r\nConnection: close\r\n\r\n".encode() + body


class FaultyCarrier:
    """Forwards one request per connection to ``upstream``; ``faults`` has the fault by HTTP method."""

    def __init__(self, upstream: str) -> None:
        self._host, _, self._port = upstream.rpartition(":")
        self.faults: Mapping[str, Fault | Refusal] = {}
        self.methods: list[str] = []
        """Methods of the requests so far."""
        self.exempt_once: list[str] = []
        """Methods whose next request has no fault."""
        self.address = ""

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["FaultyCarrier"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server:
            yield self

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            request = await _read_request(reader, host=f"{self._host}:{self._port}")
            self.methods.append(request.split(b" ", 1)[0].decode())
            fault = self._fault_of(self.methods[-1])
            if isinstance(fault, Refusal):
                writer.write(fault.response)
            elif fault is Fault.UNAVAILABLE:
                writer.write(_REFUSAL)
            elif fault is not Fault.REQUEST_LOST:
                response = await self._forward(request)
                writer.write(b"" if fault is Fault.ANSWER_LOST else response)
            await writer.drain()

    def _fault_of(self, method: str) -> Fault | Refusal | None:
        if method in self.exempt_once:
            self.exempt_once.remove(method)
            return None
        return self.faults.get(method)

    async def _forward(self, request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(self._host, int(self._port))
        with contextlib.closing(writer):
            writer.write(request)
            return await reader.read()


async def _read_request(reader: asyncio.StreamReader, *, host: str) -> bytes:
    """Read one request; set ``Connection: close``, and ``Host`` to the carrier's, which refuses other names."""
    head = await reader.readuntil(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if line and not line.lower().startswith((b"connection:", b"host:"))]
    length = next((int(line.split(b":")[1]) for line in lines if line.lower().startswith(b"content-length:")), 0)
    body = await reader.readexactly(length)
    return b"\r\n".join([*lines, b"Host: " + host.encode(), b"Connection: close", b"", b""]) + body
