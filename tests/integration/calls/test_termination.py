"""Live calls are ended at the carrier after a revocation, suspension, deletion or pause, with retries."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from calls import termination
from calls.call_state import LegEvent
from calls.limits import pause as pause_module
from calls.limits.models import CallingPause
from calls.limits.pause import CallingPauseService
from calls.limits.usage_counters import UsageCounters
from calls.models import Call, CallStatus, ImposedEnd
from calls.services import CallService
from calls.termination import END_CALL, TERMINATION_RETRY_SECONDS, CallTerminator, enqueue_end_call
from carrier.twilio import TwilioCarrier
from epoch.app import create_app
from epoch.cli.commands import pause_calls, resume_calls
from kit.actor import SYSTEM
from kit.clock import utc_now
from kit.db.database import Database
from kit.deployment import DeploymentService
from kit.jobs.queue import JobQueue, backlog
from kit.secret_keys import SecretKeys
from kit.settings import Settings
from support.asgi import asgi_transport
from support.call_factory import add_call
from support.carrier_endpoint import Answer, CarrierEndpoint
from support.factories import (
    Factory,
    Tenant,
    Token,
    sign_in,
)
from support.jobs import WORKER_IS_DEAD, claim, forget_jobs, let_pass
from support.waiting import wait_until
from tenants.jobs import END_LIVE_CALLS
from tenants.plans import Plan
from tenants.services import OrganizationService

pytestmark = pytest.mark.anyio
WAIT_FACTOR = 20
"""Factor by which waits between attempts are longer here, so that none ends by itself during a test."""


@pytest.fixture(autouse=True)
def slow_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    waits = tuple(seconds * WAIT_FACTOR for seconds in TERMINATION_RETRY_SECONDS)
    monkeypatch.setattr(termination, "TERMINATION_RETRY_SECONDS", waits)


@pytest.fixture
async def jobs(jobs: Database) -> Database:
    """The database, with no queued job and no call."""
    async with jobs.sessions() as session, session.begin():
        await session.execute(sa.delete(Call))
    await forget_jobs(jobs)
    return jobs


@pytest.fixture
def make(jobs: Database, own_settings: Settings) -> Factory:
    return Factory(jobs, own_settings)


class Worker:
    """The job queue and the call terminator of one worker."""

    def __init__(self, jobs: Database, carrier: TwilioCarrier) -> None:
        self.jobs = jobs
        self.queue = JobQueue(jobs, SecretKeys("s" * 32))
        self.ender = CallTerminator(jobs, carrier, self.queue)

    async def work(self) -> None:
        """Run the due jobs."""
        await self.queue.run_due()

    async def work_after(self, seconds: float) -> None:
        await let_pass(self.jobs, dt.timedelta(seconds=seconds * WAIT_FACTOR))
        await self.queue.run_due()


@pytest.fixture
async def new_worker(
    jobs: Database, endpoint: CarrierEndpoint, own_settings: Settings
) -> AsyncIterator[Callable[[], Worker]]:
    carriers: list[TwilioCarrier] = []

    def create() -> Worker:
        # Each worker has its own circuit breaker, as each process does.
        carriers.append(TwilioCarrier(own_settings.twilio, api_base=f"http://{endpoint.address}", signaling=None))
        return Worker(jobs, carriers[-1])

    yield create
    for carrier in carriers:
        await carrier.close()


@pytest.fixture
def worker(new_worker: Callable[[], Worker]) -> Worker:
    return new_worker()


async def live_call(jobs: Database, tenant: Tenant, token: Token) -> str:
    """Store a live call and return the carrier's id of it."""
    call = await add_call(jobs, tenant, token, status=CallStatus.IN_PROGRESS, duration=0)
    async with jobs.sessions() as session:
        found: str | None = await session.scalar(sa.select(Call.carrier_sid).where(Call.id == call))
    assert found is not None
    return found


async def close(jobs: Database, carrier_sid: str) -> None:
    async with jobs.sessions() as session, session.begin():
        mine = Call.carrier_sid == carrier_sid
        await session.execute(sa.update(Call).where(mine).values(status=CallStatus.COMPLETED))


async def waiting_jobs(jobs: Database) -> dict[str, int]:
    async with jobs.sessions() as session:
        return {kind.kind: kind.waiting for kind in await backlog(session, limit=100)}


async def forbid(make: Factory, jobs: Database, cause: str, tenant: Tenant, token: Token) -> None:
    if cause == "revoked":
        await make.revoke(tenant, token)
        return
    async with jobs.sessions() as session, session.begin():
        organizations, mine = OrganizationService(session), tenant.organization.id
        if cause == "suspended":
            await organizations.suspend(mine, by=SYSTEM)
        else:
            await organizations.soft_delete(mine, by=SYSTEM, confirmation=tenant.organization.name)


@pytest.fixture
async def copied(jobs: Database) -> AsyncIterator[None]:
    """The database is one that was restored from another server's backup, until the end of the test."""
    async with jobs.sessions() as session, session.begin():
        await session.execute(sa.text("UPDATE deployment SET database_identity = 'another server/1'"))
    yield
    async with jobs.sessions() as session, session.begin():
        await DeploymentService(session).confirm_move()
        await session.execute(sa.text("UPDATE deployment SET separate_since = NULL"))


@pytest.mark.usefixtures("copied")
async def test_a_restored_copy_ends_no_call_of_the_original(
    make: Factory, jobs: Database, worker: Worker, endpoint: CarrierEndpoint
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    await live_call(jobs, tenant, token)
    await make.revoke(tenant, token)
    await worker.work()
    assert await waiting_jobs(jobs) == {END_CALL: 1}

    async with jobs.sessions() as session, session.begin():
        await DeploymentService(session).become_separate()
    await worker.work_after(8)
    assert await waiting_jobs(jobs) == {}
    assert endpoint.requested_sids == []


@pytest.mark.parametrize("cause", ["revoked", "suspended", "deleted"])
async def test_revocation_suspension_and_deletion_end_only_the_live_calls_concerned(
    make: Factory, jobs: Database, worker: Worker, endpoint: CarrierEndpoint, cause: str
) -> None:
    tenant, other = await make.tenant(), await make.tenant()
    token, sister, stranger = await make.token(tenant), await make.token(tenant), await make.token(other)
    mine = [await live_call(jobs, tenant, token) for _ in range(2)]
    hers, theirs = await live_call(jobs, tenant, sister), await live_call(jobs, other, stranger)
    await add_call(jobs, tenant, token)
    await worker.work()
    assert endpoint.requested_sids == []

    await forbid(make, jobs, cause, tenant, token)
    assert await waiting_jobs(jobs) == {END_LIVE_CALLS: 1}
    await worker.work()

    expected = mine if cause == "revoked" else [*mine, hers]
    assert sorted(endpoint.requested_sids) == sorted(expected)
    assert theirs not in endpoint.requested_sids
    assert await waiting_jobs(jobs) == {}


async def end_of(jobs: Database, carrier_sid: str, kind: str = "completed") -> str | None:
    """Report the end of a call that the carrier ended; return the end reason of its record."""
    async with jobs.sessions() as session, session.begin():
        organization_id = (
            await session.scalars(sa.select(Call.organization_id).where(Call.carrier_sid == carrier_sid))
        ).one()
        event = LegEvent(is_child=True, kind=kind, sequence=3, occurred_at=utc_now(), duration=9)
        call = await CallService(session).record_event(organization_id, carrier_sid, "CA" + "c" * 32, event)
    assert call is not None
    return call.end_reason


@pytest.mark.parametrize(
    ("cause", "kind", "reason"),
    [
        ("revoked", "completed", ImposedEnd.REVOCATION),
        ("revoked", "canceled", ImposedEnd.REVOCATION),
        ("suspended", "completed", ImposedEnd.ORGANIZATION_SUSPENDED),
        ("deleted", "completed", ImposedEnd.ORGANIZATION_DELETED),
        # Nobody answered before the carrier was asked.
        ("suspended", "busy", "busy"),
    ],
)
async def test_an_ended_call_says_why_it_was_ended(
    make: Factory, jobs: Database, worker: Worker, cause: str, kind: str, reason: str
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    ended = await live_call(jobs, tenant, token)
    await forbid(make, jobs, cause, tenant, token)
    await worker.work()
    assert await end_of(jobs, ended, kind) == reason


async def test_a_call_that_staff_or_a_pause_ended_says_so(
    make: Factory, jobs: Database, worker: Worker, own_settings: Settings
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    by_staff, by_pause, by_hand = [await live_call(jobs, tenant, token) for _ in range(3)]
    async with jobs.sessions() as session, session.begin():
        call_id = (await session.scalars(sa.select(Call.id).where(Call.carrier_sid == by_staff))).one()
        await enqueue_end_call(session, call_id, ImposedEnd.BY_STAFF)
    await worker.work()
    assert await end_of(jobs, by_staff) == ImposedEnd.BY_STAFF
    assert await end_of(jobs, by_hand) is None
    try:
        assert await pause_calls(own_settings, "fraud", end_live=True)
        await worker.work()
    finally:
        await resume_calls(own_settings)
    assert await end_of(jobs, by_pause) == ImposedEnd.CALLS_PAUSED


async def test_a_suspension_that_is_rolled_back_ends_no_call(
    make: Factory, jobs: Database, worker: Worker, endpoint: CarrierEndpoint
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    await live_call(jobs, tenant, token)
    async with jobs.sessions() as session:
        await OrganizationService(session).suspend(tenant.organization.id, by=SYSTEM)
        await session.flush()
        await session.rollback()
    await worker.work()
    assert endpoint.requested_sids == []


async def test_a_suspension_lifted_before_the_job_runs_ends_no_call(
    make: Factory, jobs: Database, worker: Worker, endpoint: CarrierEndpoint
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    await live_call(jobs, tenant, token)
    await forbid(make, jobs, "suspended", tenant, token)
    async with jobs.sessions() as session, session.begin():
        await OrganizationService(session).unsuspend(tenant.organization.id, by=SYSTEM)
    await worker.work()
    assert endpoint.requested_sids == []
    assert await waiting_jobs(jobs) == {}


async def test_a_downgrade_lets_live_calls_finish(
    make: Factory, jobs: Database, worker: Worker, endpoint: CarrierEndpoint
) -> None:
    tenant = await make.tenant()
    await live_call(jobs, tenant, await make.token(tenant))
    async with jobs.sessions() as session, session.begin():
        await OrganizationService(session).set_plan(tenant.organization.slug, Plan.STARTER)
    await worker.work()
    await worker.ender.enqueue_missing_ends()
    await worker.work()
    assert endpoint.requested_sids == []


async def test_a_pause_ends_live_calls_only_on_request(
    make: Factory, jobs: Database, worker: Worker, endpoint: CarrierEndpoint, own_settings: Settings
) -> None:
    tenants = [await make.tenant() for _ in range(2)]
    live = [await live_call(jobs, tenant, await make.token(tenant)) for tenant in tenants]
    try:
        assert await pause_calls(own_settings, "fraud", end_live=False)
        await worker.work()
        assert endpoint.requested_sids == []
        assert await pause_calls(own_settings, "fraud", end_live=True)
        assert not await pause_calls(own_settings, "fraud", end_live=True)
        await worker.work()
        assert sorted(endpoint.requested_sids) == sorted(live)
    finally:
        await resume_calls(own_settings)


async def test_a_pause_and_admissions_wait_for_each_other(
    make: Factory, jobs: Database, own_settings: Settings
) -> None:
    """A call is either stored before the pause is, or sees the pause."""
    tenant = await make.tenant()
    token = await make.token(tenant)

    def counters(session: AsyncSession) -> UsageCounters:
        return UsageCounters(session, tenant.organization.id, token.id, f"w_{token.id.hex}_{0:016x}")

    async def is_waited(mode: str) -> None:
        waits = sa.text(
            "SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database "
            "WHERE datname = current_database() AND locktype = 'advisory' AND mode = :mode AND NOT granted)"
        )
        async with jobs.sessions() as session:
            await wait_until(lambda: session.scalar(waits, {"mode": mode}))

    async def admit() -> bool:
        async with jobs.sessions() as session, session.begin():
            await counters(session).lock_and_read(utc_now())
            return await session.scalar(sa.select(CallingPause.id)) is not None

    try:
        async with asyncio.TaskGroup() as group, jobs.sessions() as session, session.begin():
            await counters(session).lock_and_read(utc_now())
            pause = group.create_task(pause_calls(own_settings, "fraud", end_live=False))
            await is_waited("ExclusiveLock")
            assert not pause.done()
        assert pause.result()
        await resume_calls(own_settings)

        async with asyncio.TaskGroup() as group, jobs.sessions() as session, session.begin():
            assert await CallingPauseService(session).pause(reason="fraud", by=SYSTEM)
            admitted = group.create_task(admit())
            await is_waited("ShareLock")
        assert admitted.result(), "the call sees the pause that it waited for"
    finally:
        await resume_calls(own_settings)


async def test_a_pause_does_not_fail_when_an_admission_hangs(
    make: Factory,
    jobs: Database,
    worker: Worker,
    endpoint: CarrierEndpoint,
    own_settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pause_module, "PAUSE_LOCK_TIMEOUT", "100ms")
    tenants = [await make.tenant() for _ in range(2)]
    token = await make.token(tenants[0])
    try:
        async with jobs.sessions() as session, session.begin():
            await UsageCounters(session, tenants[0].organization.id, token.id, "w").lock_and_read(utc_now())
            assert await pause_calls(own_settings, "fraud", end_live=True)
        await worker.work()
        assert endpoint.requested_sids == []
        # A later run of the job finds the call that the hanging admission stores.
        late = await live_call(jobs, tenants[0], await make.token(tenants[0]))
        await let_pass(jobs, dt.timedelta(seconds=6))
        await worker.work()
        assert late in endpoint.requested_sids
    finally:
        await resume_calls(own_settings)


@pytest.mark.parametrize("answer", [Answer.OVER, Answer.UNKNOWN, Answer.OVER_ALREADY])
async def test_the_carrier_is_asked_once_when_it_says_that_the_call_is_over(
    make: Factory, jobs: Database, worker: Worker, endpoint: CarrierEndpoint, answer: Answer
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    sid = await live_call(jobs, tenant, token)
    endpoint.answer = answer
    await make.revoke(tenant, token)
    await worker.work()
    await worker.work_after(3600)
    assert endpoint.requested_sids == [sid]
    assert await waiting_jobs(jobs) == {}


@pytest.mark.slow
@pytest.mark.parametrize("answer", [Answer.STILL_LIVE, Answer.REFUSED])
async def test_the_carrier_is_asked_again_until_it_says_that_the_call_is_over(
    make: Factory, jobs: Database, worker: Worker, endpoint: CarrierEndpoint, answer: Answer
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    sid = await live_call(jobs, tenant, token)
    endpoint.answer = answer
    await make.revoke(tenant, token)
    await worker.work()
    for requests, wait in enumerate((*TERMINATION_RETRY_SECONDS, *TERMINATION_RETRY_SECONDS[-1:] * 3), 1):
        await worker.work_after(wait - 0.5)
        assert len(endpoint.requested_sids) == requests
        await worker.work_after(0.5)
        assert len(endpoint.requested_sids) == requests + 1
    async with jobs.sessions() as session:
        [ending] = await backlog(session, limit=100)
    assert (ending.kind, ending.waiting, ending.failing) == (END_CALL, 1, 1)

    endpoint.answer = Answer.OVER
    await worker.work_after(TERMINATION_RETRY_SECONDS[-1])
    await worker.work_after(3600)
    assert set(endpoint.requested_sids) == {sid}
    assert len(endpoint.requested_sids) == len(TERMINATION_RETRY_SECONDS) + 5
    assert await waiting_jobs(jobs) == {}


async def test_the_carrier_is_not_asked_again_after_the_call_was_reported_ended(
    make: Factory, jobs: Database, worker: Worker, endpoint: CarrierEndpoint
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    sid = await live_call(jobs, tenant, token)
    endpoint.answer = Answer.STILL_LIVE
    await make.revoke(tenant, token)
    await worker.work()
    await close(jobs, sid)
    await worker.work_after(3600)
    assert endpoint.requested_sids == [sid]
    assert await waiting_jobs(jobs) == {}


async def test_calls_are_ended_after_a_carrier_failure_even_with_an_open_circuit_breaker(
    make: Factory, jobs: Database, new_worker: Callable[[], Worker], endpoint: CarrierEndpoint
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    live = {await live_call(jobs, tenant, token) for _ in range(12)}
    endpoint.answer = Answer.BROKEN
    worker = new_worker()
    await make.revoke(tenant, token)
    await worker.work()
    assert set(endpoint.requested_sids) <= live
    assert await waiting_jobs(jobs) == {END_CALL: 12}

    endpoint.answer, endpoint.requested_sids = Answer.OVER, []
    other = new_worker()
    await other.work_after(TERMINATION_RETRY_SECONDS[0])
    assert set(endpoint.requested_sids) == live
    assert await waiting_jobs(jobs) == {}


async def test_calls_are_ended_after_the_carrier_was_unreachable(
    make: Factory, jobs: Database, worker: Worker, own_settings: Settings, endpoint: CarrierEndpoint
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    live = {await live_call(jobs, tenant, token) for _ in range(3)}
    async with CarrierEndpoint().serving() as gone:
        address = gone.address
    away = TwilioCarrier(own_settings.twilio, api_base=f"http://{address}", signaling=None)
    await make.revoke(tenant, token)
    await Worker(jobs, away).work()
    await away.close()
    assert await waiting_jobs(jobs) == {END_CALL: 3}
    await worker.work_after(TERMINATION_RETRY_SECONDS[0])
    assert set(endpoint.requested_sids) == live


@pytest.mark.parametrize("kind", [END_LIVE_CALLS, END_CALL])
async def test_jobs_claimed_by_a_killed_worker_are_run_by_another(
    make: Factory, jobs: Database, new_worker: Callable[[], Worker], endpoint: CarrierEndpoint, kind: str
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    sid = await live_call(jobs, tenant, token)
    await make.revoke(tenant, token)
    killed, other = new_worker(), new_worker()
    if kind == END_CALL:
        assert await killed.ender.enqueue_missing_ends() == 1
    assert await claim(jobs, kind) == 1
    await other.work()
    assert endpoint.requested_sids == []
    await let_pass(jobs, WORKER_IS_DEAD)
    await other.work()
    assert endpoint.requested_sids == [sid]
    assert await waiting_jobs(jobs) == {}


async def test_the_sweep_queues_each_forgotten_call_once(
    make: Factory, jobs: Database, worker: Worker, endpoint: CarrierEndpoint
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    sid = await live_call(jobs, tenant, token)
    async with jobs.sessions() as session, session.begin():
        by_hand = sa.text("UPDATE embed_token SET revoked_at = now() WHERE id = :id")
        await session.execute(by_hand, {"id": token.id})
    assert await worker.ender.enqueue_missing_ends() == 1
    assert await worker.ender.enqueue_missing_ends() == 0
    await worker.work()
    assert endpoint.requested_sids == [sid]


async def test_a_revocation_over_the_api_is_carried_out_by_the_same_worker_at_once(
    make: Factory, jobs: Database, own_settings: Settings, endpoint: CarrierEndpoint
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    sid = await live_call(jobs, tenant, token)
    carrier = TwilioCarrier(own_settings.twilio, api_base=f"http://{endpoint.address}", signaling=None)
    app = create_app(own_settings, carrier=carrier)
    transport = asgi_transport(app)
    async with app.lifespan(), httpx.AsyncClient(transport=transport, base_url=own_settings.public_url) as client:
        await sign_in(client, tenant.owner)
        path = f"/api/organizations/{tenant.organization.id}/embed-tokens/{token.id}"
        assert (await client.delete(path)).status_code == 204
        await asyncio.wait_for(endpoint.got_request.wait(), 30)
    assert endpoint.requested_sids == [sid]
