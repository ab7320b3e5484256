"""A proxy in front of the product: terminates TLS, adds ``X-Forwarded-For``, relays to a port on loopback."""

import asyncio
import contextlib
import ssl
from types import TracebackType

HEAD_BYTES = 65_536


class TlsProxy:
    """Serves inside ``async with``, one request for each connection."""

    def __init__(self, port: int, target_port: int, tls: ssl.SSLContext, *, names_clients: bool = True) -> None:
        """``names_clients=False``: a proxy that adds no header."""
        self._port = port
        self._target_port = target_port
        self._tls = tls
        self._names_clients = names_clients
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> "TlsProxy":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port, ssl=self._tls, limit=HEAD_BYTES)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            target_reader, target_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
            target_writer.write(self._rewritten(head, writer.get_extra_info("peername")[0]))
            sending = asyncio.create_task(_relay(reader, target_writer))
            await _relay(target_reader, writer)
            sending.cancel()
            target_writer.close()
        writer.close()

    def _rewritten(self, head: bytes, peer: str) -> bytes:
        """The request's head, with ``X-Forwarded-For`` after the headers that the client sent."""
        lines = [line for line in head[:-4].split(b"\r\n") if not line.lower().startswith(b"connection:")]
        if self._names_clients:
            lines.append(f"X-Forwarded-For: {peer}\r\nX-Forwarded-Proto: https".encode())
        return b"\r\n".join([*lines, b"Connection: close", b"", b""])


async def _relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    # A client may reset the connection instead of closing it.
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(HEAD_BYTES):
            writer.write(data)
            await writer.drain()
