"""Stands in for the carrier's hosts: an HTTPS proxy that answers this process's requests to any host itself."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from carrier import transport
from support.certificates import Authority

PATIENT_SECONDS = 60.0


class CarrierRequest(NamedTuple):
    """A request as the carrier receives it."""

    method: str
    host: str
    target: str
    """Path and query."""
    headers: Mapping[str, str]
    """Names are in lower case."""
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path


AnswerRequest = Callable[[CarrierRequest], Awaitable[bytes | None]]
"""Returns the bytes of a whole HTTP response; None leaves the client without one until it disconnects."""


def http_response(
    status: int, body: bytes, *, content_type: str = "application/json", headers: Mapping[str, str] | None = None
) -> bytes:
    """An HTTP response after which the connection ends."""
    fields = {
        "Content-Type": content_type,
        "Content-Length": str(len(body)),
        "Connection": "close",
        **(headers or {}),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n{head}\r\n".encode() + body


class CarrierStandIn:
    """Answers every HTTPS request of this process, with certificates that its own authority issues for each host."""

    def __init__(self, folder: Path, answer: AnswerRequest) -> None:
        self.answer = answer
        self.requests: list[CarrierRequest] = []
        """All requests so far."""
        self._folder = folder
        self._authority = Authority()
        self._authority_file = folder / "carrier-authority.pem"
        self._authority_file.write_text(self._authority.certificate)
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._address = ""

    @property
    def methods(self) -> list[str]:
        """Methods of the requests so far."""
        return [request.method for request in self.requests]

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator["CarrierStandIn"]:
        """Serve, and set environment variables so that this process's HTTPS clients connect to this server."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            with self._environment():
                yield self
        finally:
            server.close()

    @contextlib.contextmanager
    def _environment(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            for name in ("no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY", "http_proxy", "HTTP_PROXY"):
                patch.delenv(name, raising=False)
            for name in ("https_proxy", "HTTPS_PROXY"):
                patch.setenv(name, f"http://{self._address}")
            patch.setenv("SSL_CERT_FILE", str(self._authority_file))
            # The machine may be busy. A test about time-outs sets shorter ones.
            patch.setattr(transport, "CONNECT_SECONDS", PATIENT_SECONDS)
            patch.setattr(transport, "TOTAL_SECONDS", PATIENT_SECONDS)
            yield

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(asyncio.IncompleteReadError, OSError):
            connect = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            host = connect.split(" ")[1].rpartition(":")[0]
            writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
            await writer.drain()
            await writer.start_tls(self._context(host))
            self.requests.append(await _read_request(reader, host))
            response = await self.answer(self.requests[-1])
            if response is None:
                await reader.read()  # until the client disconnects
                return
            writer.write(response)
            await writer.drain()

    def _context(self, host: str) -> ssl.SSLContext:
        if host not in self._contexts:
            certificate, key = self._authority.issue(host, host=host)
            file = self._folder / f"{host}.pem"
            file.write_text(certificate + key)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(file)
            self._contexts[host] = context
        return self._contexts[host]


async def _read_request(reader: asyncio.StreamReader, host: str) -> CarrierRequest:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    method, target, _ = first.split(" ")
    pairs = (line.partition(":") for line in lines)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return CarrierRequest(method, host, target, headers, body)
