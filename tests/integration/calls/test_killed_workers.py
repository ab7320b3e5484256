"""A worker is killed at each step of a call: the stored record and the usage counters end as without the crash."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from litestar import Litestar

from calls.limits.models import UsageCounter, UsageScope
from calls.models import Call, CallStatus
from calls.reconciliation.stuck_calls import StuckCallReconciler
from calls.termination import CallTerminator
from carrier.twilio import TwilioCarrier
from epoch.app import create_app
from kit.clock import utc_now
from kit.db.database import ADMIN_ROLE, Database
from kit.http.app_key import DATABASE
from kit.jobs.queue import JobQueue, backlog
from kit.settings import Settings, load_settings
from support.asgi import asgi_transport
from support.call_factory import add_call
from support.call_script import (
    ENDED,
    EVENTS,
    START,
    TALK_SECONDS,
)
from support.callback_client import REJECT, CallbackClient, new_sid
from support.carrier_account import open_carrier_account
from support.carrier_endpoint import Answer, CarrierEndpoint
from support.factories import Factory, Tenant, Token
from support.jobs import WORKER_IS_DEAD, let_pass
from support.killed_process import environ_of, start_killable, wait_until_killed

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
WORKER = Path(__file__).with_name("killed_worker.py")
COLUMNS_OF_ONE_CALL = {
    "id",
    "created_at",
    "started_at",
    "carrier_sid",
    "identity",
    "organization_id",
    "token_id",
    "from_number",
    "from_number_id",
}
"""Columns that differ between two calls with the same events."""
PRICE_COLUMNS = {"is_priced", "cost_micros", "price_due_at"}
"""The carrier's report about an ended call contains its price as well."""


@pytest.fixture(scope="module")
async def other_worker(own_settings: Settings) -> AsyncIterator[Litestar]:
    """The worker that is not killed."""
    app = create_app(own_settings)
    async with app.lifespan():
        yield app


@pytest.fixture
async def callbacks(other_worker: Litestar, own_settings: Settings) -> AsyncIterator[CallbackClient]:
    transport = asgi_transport(other_worker)
    async with httpx.AsyncClient(transport=transport, base_url=own_settings.public_url) as client:
        yield CallbackClient(client, own_settings)


@pytest.fixture
def make(jobs: Database, own_settings: Settings) -> Factory:
    return Factory(jobs, own_settings)


async def die_at(step: str, settings: Settings, token: Token, sid: str, child: str) -> None:
    """Let a worker take a call's carrier callbacks until it is killed at ``step``."""
    await wait_until_killed(await start_killable(WORKER, (step, str(token.id), sid, child), settings))


async def row(jobs: Database, sid: str) -> dict[str, Any] | None:
    async with jobs.sessions() as session:
        table = Call.__table__
        found = (await session.execute(sa.select(table).where(table.c.carrier_sid == sid))).one_or_none()
        return None if found is None else dict(found._mapping)


async def usage_of(jobs: Database, tenant: Tenant) -> tuple[int, int, int]:
    """Live calls, minutes that they hold, and attempts of the organization."""
    async with jobs.sessions() as session:
        mine = UsageCounter.owned_by(tenant.organization.id), UsageCounter.scope == UsageScope.ORGANIZATION
        use = (await session.scalars(sa.select(UsageCounter).where(*mine))).one_or_none()
        return (0, 0, 0) if use is None else (use.live, use.reserved_minutes, use.day_attempts)


async def send_events(callbacks: CallbackClient, sid: str, child: str, *, since: int = 0) -> None:
    for number, (status, seconds, more) in enumerate(EVENTS, 1):
        if number > since:
            reported_at = START + dt.timedelta(seconds=seconds)
            assert (
                await callbacks.event(sid, status, reported_at, child=child, sequence=number, **more)
            ).status_code == 204


def comparable(record: dict[str, Any] | None) -> dict[str, Any]:
    assert record is not None
    return {name: value for name, value in record.items() if name not in COLUMNS_OF_ONE_CALL}


@pytest.fixture
async def record_without_a_crash(callbacks: CallbackClient, make: Factory, jobs: Database) -> dict[str, Any]:
    """The record of a call during which no worker was killed."""
    sid, child = new_sid(), new_sid()
    other = await make.token(await make.tenant())
    assert b"<Dial " in (await callbacks.outgoing(other.id, sid)).content
    await send_events(callbacks, sid, child)
    return comparable(await row(jobs, sid))


async def test_killed_before_the_call_is_committed_nothing_is_stored_and_the_carriers_retry_is_admitted(
    callbacks: CallbackClient,
    tenant: Tenant,
    token: Token,
    jobs: Database,
    own_settings: Settings,
    record_without_a_crash: dict[str, Any],
) -> None:
    sid, child = new_sid(), new_sid()
    await die_at("before the call is committed", own_settings, token, sid, child)
    assert await row(jobs, sid) is None
    assert await usage_of(jobs, tenant) == (0, 0, 0)
    assert b"<Dial " in (await callbacks.outgoing(token.id, sid)).content
    await send_events(callbacks, sid, child)
    assert comparable(await row(jobs, sid)) == record_without_a_crash
    assert await usage_of(jobs, tenant) == (0, 0, 1)


COMMITTED = pytest.mark.parametrize("step", ["as the call is committed", "admitted, before the answer"])


@COMMITTED
async def test_killed_with_the_call_committed_the_carriers_retry_gets_the_same_call(
    callbacks: CallbackClient,
    tenant: Tenant,
    token: Token,
    jobs: Database,
    own_settings: Settings,
    record_without_a_crash: dict[str, Any],
    step: str,
) -> None:
    sid, child = new_sid(), new_sid()
    await die_at(step, own_settings, token, sid, child)
    live, held, attempts = await usage_of(jobs, tenant)
    assert (live, attempts) == (1, 1)
    assert held > 0
    assert b"<Dial " in (await callbacks.outgoing(token.id, sid)).content
    assert await usage_of(jobs, tenant) == (live, held, attempts)
    await send_events(callbacks, sid, child)
    assert comparable(await row(jobs, sid)) == record_without_a_crash
    assert await usage_of(jobs, tenant) == (0, 0, 1)


@COMMITTED
async def test_killed_with_the_call_committed_and_without_a_retry_the_carriers_report_ends_the_call(
    callbacks: CallbackClient, tenant: Tenant, token: Token, jobs: Database, own_settings: Settings, step: str
) -> None:
    sid = new_sid()
    await die_at(step, own_settings, token, sid, new_sid())
    assert (await callbacks.event(sid, "failed", START)).status_code == 204
    record = comparable(await row(jobs, sid))
    assert (record["status"], record["duration"], record["reserved_until"]) == (CallStatus.FAILED, 0, None)
    assert await usage_of(jobs, tenant) == (0, 0, 1)
    assert (await callbacks.outgoing(token.id, sid)).content == REJECT


@pytest.mark.parametrize("sent", range(1, len(EVENTS) + 1))
async def test_killed_between_events_another_worker_records_the_rest(
    callbacks: CallbackClient,
    tenant: Tenant,
    token: Token,
    jobs: Database,
    own_settings: Settings,
    record_without_a_crash: dict[str, Any],
    sent: int,
) -> None:
    sid, child = new_sid(), new_sid()
    await die_at(f"after {EVENTS[sent - 1][0]}", own_settings, token, sid, child)
    await send_events(callbacks, sid, child, since=sent)
    assert comparable(await row(jobs, sid)) == record_without_a_crash
    assert await usage_of(jobs, tenant) == (0, 0, 1)


@pytest.mark.parametrize("number", range(len(EVENTS)))
async def test_killed_while_recording_an_event_the_lost_event_is_requested_from_the_carrier(
    callbacks: CallbackClient,
    tenant: Tenant,
    token: Token,
    jobs: Database,
    own_settings: Settings,
    other_worker: Litestar,
    tmp_path: Path,
    record_without_a_crash: dict[str, Any],
    number: int,
) -> None:
    sid, child = new_sid(), new_sid()
    lost = EVENTS[number][0]
    await die_at(f"before {lost} is committed", own_settings, token, sid, child)
    assert (await usage_of(jobs, tenant))[0] == 1
    await send_events(callbacks, sid, child, since=number + 1)
    async with open_carrier_account(own_settings.twilio, tmp_path) as carrier_account:
        carrier_account.add(sid, "completed", seconds=TALK_SECONDS, ended=ENDED)
        carrier_account.add(child, "completed", parent=sid, seconds=TALK_SECONDS, ended=ENDED)
        database = DATABASE.get(other_worker)
        await StuckCallReconciler(jobs, database, carrier_account.carrier).run(utc_now() + dt.timedelta(minutes=3))
    record = comparable(await row(jobs, sid))
    assert {name for name in record if record[name] != record_without_a_crash[name]} <= PRICE_COLUMNS
    assert await usage_of(jobs, tenant) == (0, 0, 1)


@pytest.mark.parametrize("step", ["asking the carrier", "ended at the carrier, before it is noted"])
async def test_killed_while_it_ends_a_live_call_another_ends_it(
    new_migrated_database: Callable[[], str], settings: Settings, step: str
) -> None:
    url = new_migrated_database()
    jobs = Database(url, role=ADMIN_ROLE)
    async with CarrierEndpoint().serving() as endpoint:
        own = load_settings(
            {**environ_of(settings), "EPOCH_DATABASE_URL": url, "EPOCH_SANDBOX_ADDRESS": endpoint.address}
        )
        endpoint.answer = Answer.SILENT if step == "asking the carrier" else Answer.OVER
        make = Factory(jobs, own)
        tenant = await make.tenant()
        token = await make.token(tenant)
        await add_call(jobs, tenant, token, status=CallStatus.IN_PROGRESS, duration=0)
        process = await start_killable(WORKER, (step, str(token.id), new_sid(), new_sid()), own)
        assert await asyncio.wait_for(process.stdout.readline(), 120) == b"ready\n"
        await make.revoke(tenant, token)
        await asyncio.wait_for(endpoint.got_request.wait(), 120)
        if step == "asking the carrier":
            process.kill()
        await wait_until_killed(process)
        [requested] = endpoint.requested_sids

        endpoint.answer, endpoint.requested_sids = Answer.OVER, []
        carrier = TwilioCarrier(own.twilio, api_base=f"http://{endpoint.address}", signaling=None)
        queue = JobQueue(jobs, own.secret_keys)
        CallTerminator(jobs, carrier, queue)
        await let_pass(jobs, WORKER_IS_DEAD)
        await queue.run_due()
        assert endpoint.requested_sids == [requested]
        async with jobs.sessions() as session:
            assert await backlog(session, limit=10) == []
        await carrier.close()
    await jobs.stop()
