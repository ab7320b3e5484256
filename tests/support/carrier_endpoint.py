"""A server with the carrier's REST request to end a call, whose response the test chooses."""

import asyncio
import enum
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus


class Answer(enum.Enum):
    """Status and body of the carrier's response to a request to end a call."""

    OVER = HTTPStatus.OK, b'{"sid": "CA", "status": "completed"}'
    STILL_LIVE = HTTPStatus.OK, b'{"sid": "CA", "status": "in-progress"}'
    UNKNOWN = HTTPStatus.NOT_FOUND, b'{"code": 20404, "message": "no such call"}'
    OVER_ALREADY = HTTPStatus.BAD_REQUEST, b'{"code": 21220, "message": "not in progress"}'
    REFUSED = HTTPStatus.BAD_REQUEST, b'{"code": 1, "message": "no"}'
    BROKEN = HTTPStatus.SERVICE_UNAVAILABLE, b"{}"
    SILENT = None, b""
    """The request is read and never answered."""


class CarrierEndpoint:
    """Gives the same response to each request to end a call, and records the calls; other requests get 404."""

    def __init__(self) -> None:
        self.answer = Answer.OVER
        self.requested_sids: list[str] = []
        self.got_request = asyncio.Event()
        self.address = ""

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["CarrierEndpoint"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            status, body = Answer.UNKNOWN.value
            if head.startswith("POST "):
                lines = head.lower().splitlines()
                length = next(int(line.split(":")[1]) for line in lines if line.startswith("content-length"))
                assert await reader.readexactly(length) == b"Status=completed"
                self.requested_sids.append(head.split(" ")[1].rpartition("/")[2].removesuffix(".json"))
                self.got_request.set()
                status, body = self.answer.value
            if status is None:
                await reader.read()  # until the client disconnects
                return
            fields = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close"
            writer.write(f"HTTP/1.1 {status:d} X\r\n{fields}\r\n\r\n".encode() + body)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client was killed during the request
        finally:
            writer.close()
