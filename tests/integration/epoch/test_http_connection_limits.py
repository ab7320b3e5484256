"""Limits of HTTP connections: slow clients and surplus connections are closed, and others are served meanwhile."""

import asyncio
import contextlib
import resource
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any, cast

import anyio
import msgspec
import pytest
import uvicorn

from epoch.server.connection_limits import MAX_FILES, ConnectionLimits, raise_open_files
from epoch.server.http_protocol import ConnectionRegistry
from epoch.server.raw_responses import RawResponses
from kit.http.asgi import ResponseHead, send_with_head
from kit.http.security_headers import SecurityHeaders
from kit.settings import load_settings
from support.waiting import wait_until

pytestmark = pytest.mark.anyio
HANG_SECONDS = 30
HEADERS = SecurityHeaders(load_settings({}))
PREPARED = ResponseHead(HTTPStatus.OK, [(b"x-prepared", b"yes")])
PATIENT = ConnectionLimits(header_seconds=HANG_SECONDS, idle_seconds=HANG_SECONDS)
REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n"
CHUNK = bytes(64 * 1024)
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Application:
    """Answers a GET at once, a POST when its body has come, and ``/endless`` with bytes until the client is gone.

    ``/prepared`` is answered with a prepared head.
    """

    def __init__(self) -> None:
        self.disconnected = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        message: dict[str, Any] = {"more_body": True}
        while scope["method"] == "POST" and message.get("more_body"):
            message = await receive()
            if message["type"] == "http.disconnect":
                self.disconnected.set()
                return
        if scope["path"] == "/prepared":
            await send_with_head(scope, send, PREPARED, b"served")
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if scope["path"] == "/endless":
            gone = asyncio.create_task(receive())
            while not gone.done():
                await send({"type": "http.response.body", "body": CHUNK, "more_body": True})
                await asyncio.sleep(0)
            self.disconnected.set()
        else:
            await send({"type": "http.response.body", "body": b"served"})


class ServedApplication:
    """A server with ``limits`` on a loopback port."""

    def __init__(self, application: Application, port: int) -> None:
        self.application = application
        self._port = port
        self._open: list[asyncio.StreamWriter] = []

    async def connect(self, sent: bytes = b"", *, source: str = "127.0.0.1") -> Connection:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port, local_addr=(source, 0))
        self._open.append(writer)
        writer.write(sent)
        return reader, writer

    async def answer(self, sent: bytes, *, source: str = "127.0.0.1") -> bytes:
        """All that comes until the server closes."""
        reader, _ = await self.connect(sent, source=source)
        return await reader.read()

    def close(self) -> None:
        for writer in self._open:
            writer.close()


@contextlib.asynccontextmanager
async def serving(limits: ConnectionLimits) -> AsyncIterator[ServedApplication]:
    registry, application = ConnectionRegistry(limits, RawResponses(HEADERS)), Application()
    config = uvicorn.Config(
        application,
        port=0,
        http=cast("type[asyncio.Protocol]", registry.create_protocol),
        lifespan="off",
        log_level="critical",
    )
    server = uvicorn.Server(config)
    tasks = asyncio.create_task(server.serve()), asyncio.create_task(registry.close_late_connections())
    with anyio.fail_after(HANG_SECONDS):
        await wait_until(lambda: server.started)
        served = ServedApplication(application, server.servers[0].sockets[0].getsockname()[1])
        try:
            yield served
        finally:
            served.close()
            server.should_exit = True
            tasks[1].cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def test_headers_that_do_not_end_are_answered_408() -> None:
    async with serving(ConnectionLimits(header_seconds=0.2)) as server:
        assert await server.answer(b"") == b""
        answer = await server.answer(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
    assert answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b'"code":"request_timeout"' in answer


async def test_header_lines_that_trickle_do_not_extend_the_time() -> None:
    async with serving(ConnectionLimits(header_seconds=0.2)) as server:
        reader, writer = await server.connect(b"GET / HTTP/1.1\r\n")
        answer = asyncio.create_task(reader.read())
        while not answer.done():
            writer.write(b"X-More: 1\r\n")
            await asyncio.wait({answer}, timeout=0.05)
        assert (await answer).startswith(b"HTTP/1.1 408 ")


async def test_a_body_that_does_not_come_is_answered_408_and_the_application_learns_of_it() -> None:
    async with serving(msgspec.structs.replace(PATIENT, body_seconds=0.2)) as server:
        answer = await server.answer(POST + b"x")
        await server.application.disconnected.wait()
    assert answer.startswith(b"HTTP/1.1 408 ")


async def test_a_second_request_has_the_same_time() -> None:
    async with serving(ConnectionLimits(header_seconds=0.5, idle_seconds=HANG_SECONDS)) as server:
        answer = await server.answer(REQUEST + b"GET /again HTTP/1.1\r\n")
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"HTTP/1.1 408 " in answer


async def test_a_large_answer_that_nobody_reads_ends() -> None:
    async with serving(msgspec.structs.replace(PATIENT, write_seconds=0.2)) as server:
        await server.connect(REQUEST.replace(b"/ ", b"/endless ", 1))
        await server.application.disconnected.wait()


async def test_an_idle_connection_ends() -> None:
    async with serving(ConnectionLimits(header_seconds=HANG_SECONDS, idle_seconds=1)) as server:
        assert (await server.answer(REQUEST)).startswith(b"HTTP/1.1 200 OK\r\n")


async def test_pipelined_requests_are_answered_in_order() -> None:
    async with serving(PATIENT) as server:
        reader, writer = await server.connect(REQUEST + POST + bytes(1000) + REQUEST)
        for _ in range(3):
            assert (await reader.readuntil(b"served")).startswith(b"HTTP/1.1 200 OK\r\n")
            await reader.readuntil(b"\r\n0\r\n\r\n")
        writer.write(REQUEST)
        assert (await reader.readuntil(b"served")).startswith(b"HTTP/1.1 200 OK\r\n")


async def test_a_prepared_answer_is_like_any_other() -> None:
    request = REQUEST.replace(b"/ ", b"/prepared ", 1)
    async with serving(PATIENT) as server:
        reader, writer = await server.connect(request + request)
        # Sent at once; then the last one as others are, because the connection closes.
        answers = [await reader.readuntil(b"served") for _ in range(2)]
        writer.write(request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        answers.append(await reader.read())
        without_body = await server.answer(request.replace(b"GET", b"HEAD").replace(b"1.1", b"1.0", 1))
    lines = [sorted(answer.partition(b"\r\n\r\n")[0].split(b"\r\n")) for answer in answers]
    assert lines[0] == lines[1] == [line for line in lines[2] if line != b"connection: close"]
    assert {b"HTTP/1.1 200 OK", b"x-prepared: yes", b"content-length: 6"} < set(lines[0])
    assert b"\r\ndate: " in answers[0]
    assert without_body.endswith(b"\r\n\r\n")


async def test_one_client_cannot_take_the_connections_of_others() -> None:
    async with serving(msgspec.structs.replace(PATIENT, per_client=3)) as server:
        held = [await server.connect(b"GET") for _ in range(3)]
        refused = await server.answer(REQUEST)
        other = await server.connect(REQUEST, source="127.0.0.2")
        assert (await other[0].readline()) == b"HTTP/1.1 200 OK\r\n"
        for reader, writer in held:
            writer.write(REQUEST[3:])
            assert (await reader.readline()) == b"HTTP/1.1 200 OK\r\n"
    assert refused.startswith(b"HTTP/1.1 429 Too Many Requests\r\n")
    assert b"retry-after: " in refused
    assert b'"detail":"Too many requests"' in refused


async def test_a_closed_connection_makes_room() -> None:
    async with serving(msgspec.structs.replace(PATIENT, per_client=1)) as server:
        _, writer = await server.connect()
        writer.close()
        await writer.wait_closed()
        # The server learns of it a moment later.
        while True:
            reader, _ = await server.connect(REQUEST)
            if (await reader.readline()) == b"HTTP/1.1 200 OK\r\n":
                break


@pytest.mark.parametrize("exempt", ["proxies", "unlimited"])
async def test_a_proxy_may_have_the_connections_of_all_its_clients(exempt: str) -> None:
    limits = msgspec.structs.replace(PATIENT, per_client=1, **{exempt: ("127.0.0.0/8",)})
    async with serving(limits) as server:
        for _ in range(3):
            reader, _ = await server.connect(REQUEST)
            assert (await reader.readline()) == b"HTTP/1.1 200 OK\r\n"


async def test_a_full_worker_says_when_to_try_again() -> None:
    async with serving(msgspec.structs.replace(PATIENT, total=2)) as server:
        for _ in range(2):
            await server.connect(b"GET")
        refused = await server.answer(REQUEST)
    assert refused.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    assert b"retry-after: " in refused


async def test_a_request_that_is_no_http_is_answered_400() -> None:
    async with serving(PATIENT) as server:
        answer = await server.answer(b"HELO mail.example.com\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b'"code":"malformed_request"' in answer


@pytest.mark.parametrize(
    ("limits", "sent", "status"),
    [
        (PATIENT, b"nonsense\r\n\r\n", 400),
        (ConnectionLimits(header_seconds=0.2), b"GET / HTTP/1.1\r\n", 408),
        (msgspec.structs.replace(PATIENT, per_client=0), REQUEST, 429),
        (msgspec.structs.replace(PATIENT, total=0), REQUEST, 503),
    ],
)
async def test_responses_without_the_application_have_the_security_headers(
    limits: ConnectionLimits, sent: bytes, status: int
) -> None:
    async with serving(limits) as server:
        answer = await server.answer(sent)
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    assert first.startswith(b"HTTP/1.1 %d " % status)
    headers = [(name, value) for name, _, value in (line.partition(b": ") for line in lines)]
    assert len({name for name, _ in headers}) == len(headers)
    for expected in HEADERS.complete([]):
        assert expected in headers
    assert msgspec.json.decode(body)["status"] == status


async def test_a_worker_may_open_as_many_files_as_the_system_allows() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(1024, hard), hard))
    try:
        assert raise_open_files() == (MAX_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_FILES))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
