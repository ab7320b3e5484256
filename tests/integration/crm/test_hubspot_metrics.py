"""Metrics of writing calls into HubSpot: attempts by outcome, and the age of the oldest due call."""

import datetime as dt
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa

from calls.models import Call, CallStatus
from crm.metrics import HUBSPOT_GAUGES, OLDEST_DUE, WAITING
from crm.models import HubSpotConnection
from kit.clock import utc_now
from kit.db.database import Database
from kit.settings import Settings
from support.api_helpers import with_csrf
from support.call_factory import add_call
from support.factories import Tenant, Token
from support.hubspot_stand_in import HubSpotStandIn, Reply
from support.hubspot_sync_runner import HubSpotSyncRunner
from support.metrics import Growth

pytestmark = pytest.mark.anyio


@pytest.fixture
async def log(
    owner: httpx.AsyncClient, tenant: Tenant, hubspot: HubSpotStandIn, jobs: Database, crm_settings: Settings
) -> HubSpotSyncRunner:
    """The log of the organization, which is connected to ``hubspot``."""
    path = f"/api/organizations/{tenant.organization.id}/integrations/hubspot"
    response = await (await with_csrf(owner)).put(path, json={"access_token": hubspot.token})
    assert response.status_code == 200, response.text
    return HubSpotSyncRunner(jobs, crm_settings)


async def end_call(jobs: Database, tenant: Tenant, token: Token, contact: str) -> None:
    call_id = await add_call(
        jobs, tenant, token, status=CallStatus.IN_PROGRESS, is_connected=True, details={"contact": contact}
    )
    ended = {"status": CallStatus.COMPLETED, "ended_at": utc_now()}
    async with jobs.sessions() as session, session.begin():
        await session.execute(sa.update(Call).where(Call.id == call_id).values(ended))


@pytest.mark.parametrize(
    ("contact", "reply", "outcome"),
    [
        ("4711", None, "written"),
        ("4711", (503, b""), "retried"),
        ("4711", (401, b"{}"), "broken"),
        ("4712", None, "record_missing"),
    ],
)
async def test_attempts_are_counted_by_outcome(
    jobs: Database,
    tenant: Tenant,
    token: Token,
    hubspot: HubSpotStandIn,
    log: HubSpotSyncRunner,
    contact: str,
    reply: Reply | None,
    outcome: str,
) -> None:
    await end_call(jobs, tenant, token, contact)
    hubspot.interfere = lambda _: reply
    counted = Growth("epoch_hubspot_writes_total", outcome=outcome)
    await log.write()
    assert counted.amount == 1


async def test_a_due_call_is_measured_unless_it_is_leased_or_cannot_be_written(
    jobs: Database, tenant: Tenant, token: Token, log: HubSpotSyncRunner
) -> None:
    await end_call(jobs, tenant, token, "4711")
    await log.assign_sequence_numbers()
    past, later = sa.func.now() - dt.timedelta(minutes=10), sa.func.now() + dt.timedelta(minutes=1)
    for given, is_told in (
        ({"due_at": past}, True),
        ({"leased_until": later, "leased_by": uuid4()}, False),
        # A process that died holds the connection no longer than its lease.
        ({"leased_until": past}, True),
        ({"broken_at": sa.func.now()}, False),
        ({"broken_at": None, "due_at": later}, False),
    ):
        async with jobs.sessions() as session, session.begin():
            mine = HubSpotConnection.organization_id == tenant.organization.id
            await session.execute(sa.update(HubSpotConnection).where(mine).values(given))
        values = await HUBSPOT_GAUGES.measure(jobs)
        assert (values[OLDEST_DUE] >= 600) is is_told
        assert values[WAITING] >= 1
