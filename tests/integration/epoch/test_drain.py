"""A server under load that stops: its readiness fails first, so load balancers leave it and no request fails."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from support.epoch_run import Run, run_environ
from support.local_http import local_client

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
PATH = "/health/dependencies"
CLIENTS = 6


@pytest.fixture
async def run(own_database_url: str, open_folder: Path) -> AsyncIterator[Run]:
    environ = run_environ(own_database_url, open_folder / "data", EPOCH_WORKERS="3", EPOCH_DRAIN_SECONDS="5")
    started = Run(environ)
    await asyncio.to_thread(started.until, "Ctrl-C")
    yield started
    if started.process.poll() is None:
        started.end(signal.SIGKILL)


class Balancer:
    """Asks whether the server is ready, on a new connection each time; its clients stop when it says no."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self.is_ready = True

    async def watch(self) -> None:
        while self.is_ready:
            answer = await self._client.get("/health/ready", headers={"connection": "close"})
            self.is_ready = answer.status_code == 200
        assert (answer.status_code, answer.json()["status"]) == (503, "draining")


async def request_until_not_ready(client: httpx.AsyncClient, balancer: Balancer, answers: list[httpx.Response]) -> None:
    while balancer.is_ready:
        answers.append(await client.get(PATH))


async def test_no_request_fails_while_a_server_under_load_stops(run: Run) -> None:
    answers: list[httpx.Response] = []
    one_use = httpx.Limits(max_keepalive_connections=0)
    reader, writer = await asyncio.open_connection("localhost", int(run.url.rpartition(":")[2]))
    async with (
        local_client(base_url=run.url, timeout=30) as keeping,
        local_client(base_url=run.url, timeout=30, limits=one_use) as renewing,
        local_client(base_url=run.url, timeout=30) as idle,
    ):
        writer.write(b"POST /widget/exchange HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{")
        assert "connection" not in (await idle.get(PATH)).headers
        balancer = Balancer(renewing)
        load = [
            asyncio.create_task(request_until_not_ready(client, balancer, answers))
            for client in (keeping, renewing)
            for _ in range(CLIENTS)
        ]
        assert (await idle.get(PATH)).status_code == 200
        run.process.send_signal(signal.SIGTERM)
        await asyncio.gather(balancer.watch(), *load)
        # A request that was open before ends with an answer, once its own worker drains too.
        while (last := await idle.get(PATH)).headers.get("connection") != "close":
            assert last.status_code == 200
    assert {answer.status_code for answer in answers} == {200}
    assert last.status_code == 200
    writer.write(b"}")
    assert (await reader.read()).startswith(b"HTTP/1.1 415 ")
    assert await asyncio.to_thread(run.end) == 0
