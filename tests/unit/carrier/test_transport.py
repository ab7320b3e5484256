"""Retries and waits of requests to the carrier, over real connections."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from carrier.breaker import FAILURES_TO_OPEN
from carrier.port import CarrierUnavailable
from carrier.transport import MAX_RETRIES, TOTAL_SECONDS, HttpTransport

pytestmark = pytest.mark.anyio
CALL = "/2010-04-01/Accounts/AC/Calls/CA" + "0" * 32 + ".json"
NUMBERS = "/2010-04-01/Accounts/AC/IncomingPhoneNumbers.json"


class Far:
    """A server that gives the answers it was told, then the last one for ever."""

    def __init__(self) -> None:
        self.answers: list[str] = ["200 OK"]
        self.asked = 0
        self.address = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        status = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}".encode())
        await writer.drain()
        writer.close()


@pytest.fixture
async def far() -> AsyncIterator[Far]:
    own = Far()
    server = await asyncio.start_server(own.answer, "127.0.0.1", 0)
    own.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield own
    server.close()


@pytest.fixture
async def transport() -> AsyncIterator[HttpTransport]:
    own = HttpTransport(trust_env=False)
    yield own
    await own.close()


@pytest.mark.parametrize("status", ["429 Too Many Requests", "500 Oops", "503 Service Unavailable"])
@pytest.mark.parametrize(("method", "path"), [("GET", NUMBERS), ("POST", CALL), ("DELETE", CALL)])
async def test_reads_and_updates_are_sent_again(
    far: Far, transport: HttpTransport, method: str, path: str, status: str
) -> None:
    far.answers = [status] * MAX_RETRIES + ["200 OK"]
    assert (await transport.request(method, far.address + path)).status_code == 200
    assert far.asked == MAX_RETRIES + 1


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
async def test_what_creates_is_sent_once(far: Far, transport: HttpTransport, status: str) -> None:
    far.answers = [status, "200 OK"]
    answer = await transport.request("POST", far.address + NUMBERS)
    assert (answer.status_code, far.asked) == (int(status[:3]), 1)


@pytest.mark.parametrize("status", ["400 No", "401 No", "404 No"])
async def test_a_refusal_is_not_asked_again(far: Far, transport: HttpTransport, status: str) -> None:
    far.answers = [status]
    assert (await transport.request("GET", far.address + NUMBERS)).status_code == int(status[:3])
    assert far.asked == 1


async def test_the_wait_that_the_carrier_asks_for_is_kept(far: Far, transport: HttpTransport) -> None:
    far.answers = ["429 Slow\r\nRetry-After: 1", "200 OK"]
    clock = asyncio.get_running_loop().time
    began = clock()
    assert (await transport.request("GET", far.address + NUMBERS)).status_code == 200
    assert clock() - began >= 1


async def test_a_longer_wait_than_there_is_time_for_is_not_begun(far: Far, transport: HttpTransport) -> None:
    far.answers = [f"503 Later\r\nRetry-After: {TOTAL_SECONDS:.0f}"]
    assert (await transport.request("GET", far.address + NUMBERS)).status_code == 503
    assert far.asked == 1


async def test_a_carrier_that_keeps_failing_is_not_asked(far: Far, transport: HttpTransport) -> None:
    far.answers = ["500 Oops"]
    for _ in range(FAILURES_TO_OPEN):
        await transport.request("POST", far.address + NUMBERS)
    with pytest.raises(CarrierUnavailable):
        await transport.request("POST", far.address + NUMBERS)
    assert far.asked == FAILURES_TO_OPEN


async def test_a_carrier_that_cannot_be_reached_is_not_asked(far: Far, transport: HttpTransport) -> None:
    for _ in range(FAILURES_TO_OPEN):
        with pytest.raises(httpx.ConnectError):
            await transport.request("POST", "http://127.0.0.1:1" + NUMBERS)
    with pytest.raises(CarrierUnavailable):
        await transport.request("POST", far.address + NUMBERS)
    assert far.asked == 0


@pytest.mark.parametrize("status", ["400 No", "404 No", "429 Slow"])
async def test_answers_that_are_no_faults_keep_it_in_use(far: Far, transport: HttpTransport, status: str) -> None:
    far.answers = [status]
    for _ in range(2 * FAILURES_TO_OPEN):
        await transport.request("POST", far.address + NUMBERS)
    assert far.asked == 2 * FAILURES_TO_OPEN
