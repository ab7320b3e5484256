"""Retries, waits, circuit breaker and metrics of requests to the carrier, over real connections."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from carrier.breaker import FAILURES_TO_OPEN
from carrier.metrics import RequestOutcome, resource_of
from carrier.port import CarrierUnavailable
from carrier.transport import MAX_RETRIES, TOTAL_SECONDS, HttpTransport
from support.metrics import Growth

pytestmark = pytest.mark.anyio
CALL = "/2010-04-01/Accounts/AC/Calls/CA" + "0" * 32 + ".json"
NUMBERS = "/2010-04-01/Accounts/AC/IncomingPhoneNumbers.json"
CARRIER_REQUESTS = "epoch_carrier_requests_total"


class ScriptedServer:
    """Gives the responses in ``answers`` in order, and the last one to every later request."""

    def __init__(self) -> None:
        self.answers: list[str] = ["200 OK"]
        self.request_count = 0
        self.address = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        status = self.answers[min(self.request_count, len(self.answers) - 1)]
        self.request_count += 1
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}".encode())
        await writer.drain()
        writer.close()


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    own = ScriptedServer()
    listener = await asyncio.start_server(own.answer, "127.0.0.1", 0)
    own.address = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    yield own
    listener.close()


@pytest.fixture
async def transport() -> AsyncIterator[HttpTransport]:
    own = HttpTransport(trust_env=False)
    yield own
    await own.close()


@pytest.mark.parametrize("status", ["429 Too Many Requests", "500 Oops", "503 Service Unavailable"])
@pytest.mark.parametrize(("method", "path"), [("GET", NUMBERS), ("POST", CALL), ("DELETE", CALL)])
async def test_reads_and_updates_are_retried(
    server: ScriptedServer, transport: HttpTransport, method: str, path: str, status: str
) -> None:
    server.answers = [status] * MAX_RETRIES + ["200 OK"]
    assert (await transport.request(method, server.address + path)).status_code == 200
    assert server.request_count == MAX_RETRIES + 1


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
async def test_requests_that_create_are_not_retried(
    server: ScriptedServer, transport: HttpTransport, status: str
) -> None:
    server.answers = [status, "200 OK"]
    answer = await transport.request("POST", server.address + NUMBERS)
    assert (answer.status_code, server.request_count) == (int(status[:3]), 1)


@pytest.mark.parametrize("status", ["400 No", "401 No", "404 No"])
async def test_client_errors_are_not_retried(server: ScriptedServer, transport: HttpTransport, status: str) -> None:
    server.answers = [status]
    assert (await transport.request("GET", server.address + NUMBERS)).status_code == int(status[:3])
    assert server.request_count == 1


async def test_retry_after_is_respected(server: ScriptedServer, transport: HttpTransport) -> None:
    server.answers = ["429 Slow\r\nRetry-After: 1", "200 OK"]
    clock = asyncio.get_running_loop().time
    began = clock()
    assert (await transport.request("GET", server.address + NUMBERS)).status_code == 200
    assert clock() - began >= 1


async def test_a_retry_after_beyond_the_time_limit_is_not_waited_for(
    server: ScriptedServer, transport: HttpTransport
) -> None:
    server.answers = [f"503 Later\r\nRetry-After: {TOTAL_SECONDS:.0f}"]
    assert (await transport.request("GET", server.address + NUMBERS)).status_code == 503
    assert server.request_count == 1


async def test_repeated_server_errors_open_the_circuit_breaker(
    server: ScriptedServer, transport: HttpTransport
) -> None:
    server.answers = ["500 Oops"]
    for _ in range(FAILURES_TO_OPEN):
        await transport.request("POST", server.address + NUMBERS)
    with pytest.raises(CarrierUnavailable):
        await transport.request("POST", server.address + NUMBERS)
    assert server.request_count == FAILURES_TO_OPEN


async def test_connection_errors_open_the_circuit_breaker(server: ScriptedServer, transport: HttpTransport) -> None:
    for _ in range(FAILURES_TO_OPEN):
        with pytest.raises(httpx.ConnectError):
            await transport.request("POST", "http://127.0.0.1:1" + NUMBERS)
    with pytest.raises(CarrierUnavailable):
        await transport.request("POST", server.address + NUMBERS)
    assert server.request_count == 0


@pytest.mark.parametrize("status", ["400 No", "404 No", "429 Slow"])
async def test_client_errors_do_not_open_the_circuit_breaker(
    server: ScriptedServer, transport: HttpTransport, status: str
) -> None:
    server.answers = [status]
    for _ in range(2 * FAILURES_TO_OPEN):
        await transport.request("POST", server.address + NUMBERS)
    assert server.request_count == 2 * FAILURES_TO_OPEN


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("200 OK", RequestOutcome.ANSWERED),
        ("400 No", RequestOutcome.REJECTED),
        ("401 Who", RequestOutcome.ACCESS_REFUSED),
        ("403 No", RequestOutcome.ACCESS_REFUSED),
        ("404 No", RequestOutcome.NOT_FOUND),
        ("429 Slow", RequestOutcome.RATE_LIMITED),
        ("503 Later", RequestOutcome.FAILED),
    ],
)
async def test_each_request_is_counted_by_method_resource_and_outcome(
    server: ScriptedServer, transport: HttpTransport, status: str, outcome: RequestOutcome
) -> None:
    server.answers = [status]
    counted = Growth(CARRIER_REQUESTS, method="POST", resource="numbers", outcome=outcome)
    measured = Growth("epoch_carrier_request_duration_seconds_count", method="POST")
    await transport.request("post", server.address + NUMBERS)
    assert (counted.amount, measured.amount) == (1, 1)


async def test_requests_without_an_answer_are_counted(server: ScriptedServer, transport: HttpTransport) -> None:
    unreachable = Growth(CARRIER_REQUESTS, method="POST", resource="numbers", outcome=RequestOutcome.UNREACHABLE)
    not_sent = Growth(CARRIER_REQUESTS, method="POST", resource="numbers", outcome=RequestOutcome.NOT_SENT)
    for _ in range(FAILURES_TO_OPEN):
        with pytest.raises(httpx.ConnectError):
            await transport.request("POST", "http://127.0.0.1:1" + NUMBERS)
    with pytest.raises(CarrierUnavailable):
        await transport.request("POST", server.address + NUMBERS)
    assert (unreachable.amount, not_sent.amount) == (FAILURES_TO_OPEN, 1)


@pytest.mark.parametrize(
    ("path", "resource"),
    [
        (CALL, "calls"),
        (CALL.removesuffix(".json") + "/Notifications.json", "calls"),
        (NUMBERS, "numbers"),
        ("/2010-04-01/Accounts/AC/AvailablePhoneNumbers/US/Local.json", "available_numbers"),
        ("/2010-04-01/Accounts/AC.json", "accounts"),
        ("/2010-04-01/Accounts/AC/Usage/Triggers.json", "usage_triggers"),
        ("/v2/RegulatoryCompliance/Bundles", "bundles"),
        ("/+14155550100", "other"),
        ("", "other"),
    ],
)
def test_a_resource_is_one_of_a_fixed_set(path: str, resource: str) -> None:
    assert resource_of(path) == resource
