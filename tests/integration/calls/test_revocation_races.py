"""A revocation, suspension or pause while four workers serve: no request sent later is granted, and calls are ended."""

import asyncio
import json
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa

from calls.limits.limit_names import DEFAULT_LIMITS
from calls.models import Call, CallStatus
from epoch.app import create_app
from epoch.cli.commands import pause_calls
from kit.actor import SYSTEM
from kit.db.database import Database
from kit.jobs.queue import backlog
from kit.settings import Settings, load_settings
from support.asgi import asgi_transport
from support.carrier_endpoint import CarrierEndpoint
from support.factories import Factory, Token, sign_in
from support.preloaded_processes import ScriptProcess, start_script
from tenants.services import OrganizationService

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
WORKERS = 4
WORKER = Path(__file__).with_name("exchange_and_call_worker.py")
PATIENCE = 120
"""Seconds to wait for each line of a worker, and for the ends of the calls; an idle machine needs a few."""


class RequestReport(NamedTuple):
    """A request as the worker reports it."""

    kind: str
    sent: int
    granted: bool
    sid: str


class Worker:
    """A process with the application in it."""

    def __init__(self, process: ScriptProcess) -> None:
        self._stdin, self._stdout = process.stdin, process.stdout

    async def line(self) -> str:
        line = await asyncio.wait_for(self._stdout.readline(), PATIENCE)
        assert line, "the worker is gone"
        return line.decode().strip()

    async def expect_line(self, word: str) -> None:
        assert await self.line() == word

    def go_on(self) -> None:
        self._stdin.write(b"\n")

    async def reports(self) -> list[RequestReport]:
        reported = []
        while (line := await self.line()) != "done":
            reported.append(RequestReport(*json.loads(line)))
        return reported


@pytest.fixture
def own_database_url(new_migrated_database: Callable[[], str]) -> str:
    """A database for each test: a pause or jobs that a failed test leaves behind change no other test."""
    return new_migrated_database()


@pytest.fixture
def environ(own_database_url: str, settings: Settings, endpoint: CarrierEndpoint) -> dict[str, str]:
    return {
        "EPOCH_DATABASE_URL": own_database_url,
        "EPOCH_SANDBOX_ADDRESS": endpoint.address,
        "EPOCH_PUBLIC_URL": settings.public_url,
        "EPOCH_DATA_DIR": str(settings.data_dir),
    }


@asynccontextmanager
async def workers_with(token: Token, times: int, environ: dict[str, str]) -> AsyncIterator[list[Worker]]:
    arguments = (token.raw, str(token.id), str(times))
    async with AsyncExitStack() as stack:
        workers = []
        for _ in range(WORKERS):
            process = await start_script(WORKER, arguments, {**os.environ, **environ})
            stack.push_async_callback(_end, process)
            workers.append(Worker(process))
        yield workers


async def _end(process: ScriptProcess) -> None:
    process.stdin.write_eof()
    try:
        await asyncio.wait_for(process.wait(), 30)
    except TimeoutError:
        process.kill()
        await process.wait()


@pytest.mark.parametrize(
    ("cause", "times"),
    [
        pytest.param("revoked", 250, id="revoked-1000"),
        pytest.param("suspended", 50, id="suspended"),
        pytest.param("paused", 50, id="paused"),
    ],
)
async def test_nothing_sent_after_the_answer_is_granted_on_any_worker_and_every_call_before_it_is_ended(
    jobs: Database, environ: dict[str, str], endpoint: CarrierEndpoint, cause: str, times: int
) -> None:
    own = load_settings(environ)
    make = Factory(jobs, own)
    tenant = await make.tenant(limits=dict.fromkeys(DEFAULT_LIMITS, 10**8))
    token = await make.token(tenant)

    async def forbid() -> None:
        if cause == "suspended":
            async with jobs.sessions() as session, session.begin():
                await OrganizationService(session).suspend(tenant.organization.id, by=SYSTEM)
            return
        if cause == "paused":
            assert await pause_calls(own, "fraud", end_live=True)
            return
        app = create_app(own)
        transport = asgi_transport(app)
        async with app.lifespan(), httpx.AsyncClient(transport=transport, base_url=own.public_url) as client:
            await sign_in(client, tenant.owner)
            path = f"/api/organizations/{tenant.organization.id}/embed-tokens/{token.id}"
            assert (await client.delete(path)).status_code == 204

    async with workers_with(token, times, environ) as workers:
        for word in ("ready", "under way"):
            await asyncio.gather(*(worker.expect_line(word) for worker in workers))
            if word == "ready":
                for worker in workers:
                    worker.go_on()
        await forbid()
        answered = time.monotonic_ns()
        for worker in workers:
            worker.go_on()
        reported = [
            one for reports in await asyncio.gather(*(worker.reports() for worker in workers)) for one in reports
        ]

        admitted = {one.sid for one in reported if one.kind == "call" and one.granted}
        async with asyncio.timeout(PATIENCE):
            while admitted - set(endpoint.requested_sids) or await is_waiting(jobs):
                endpoint.got_request.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(endpoint.got_request.wait(), 0.2)

    answers = Counter((one.kind, one.sent > answered, one.granted) for one in reported)
    # A pause refuses calls, not exchanges: the widget shows the reason.
    for kind in ("call",) if cause == "paused" else ("exchange", "call"):
        assert answers[kind, False, True] > 0
        assert answers[kind, True, False] > 0
        assert answers[kind, True, True] == 0
        assert sum(count for (what, *_), count in answers.items() if what == kind) >= WORKERS * times
    assert set(endpoint.requested_sids) == admitted
    assert await live_calls(jobs, tenant.organization.id) == admitted


async def is_waiting(jobs: Database) -> bool:
    async with jobs.sessions() as session:
        return bool(await backlog(session, limit=10_000))


async def live_calls(jobs: Database, organization_id: UUID) -> set[str]:
    """The carrier's ids of the calls whose end the carrier has not reported."""
    mine = Call.owned_by(organization_id), Call.status == CallStatus.INITIATED
    async with jobs.sessions() as session:
        return set(await session.scalars(sa.select(Call.carrier_sid).where(*mine)))
