"""A process that writes calls into HubSpot is killed at each step: HubSpot has each once, with its last content."""

import asyncio
from pathlib import Path
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa

from calls.models import Call, CallStatus
from crm.models import CrmCallState
from kit.clock import utc_now
from kit.db.database import Database
from kit.settings import Settings
from support.api_helpers import with_csrf
from support.call_factory import add_call
from support.factories import Tenant, Token
from support.hubspot_stand_in import HubSpotStandIn
from support.hubspot_sync_runner import HubSpotSyncRunner
from support.killed_process import start_killable, wait_until_killed

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
PROCESS = Path(__file__).with_name("killed_sync.py")
COMMITTED_BY_HUBSPOT = {"upsert_call": "/batch/upsert", "associate": "/default/contacts/4711", "update_call": ""}
"""Ends of the paths of requests that HubSpot carries out without an answer; "" stands for the path of the call."""


@pytest.fixture
def runner(jobs: Database, crm_settings: Settings) -> HubSpotSyncRunner:
    return HubSpotSyncRunner(jobs, crm_settings)


@pytest.fixture
async def call_id(
    owner: httpx.AsyncClient,
    tenant: Tenant,
    token: Token,
    hubspot: HubSpotStandIn,
    runner: HubSpotSyncRunner,
    jobs: Database,
) -> UUID:
    """A call of 42 seconds that waits for HubSpot."""
    path = f"/api/organizations/{tenant.organization.id}/integrations/hubspot"
    response = await (await with_csrf(owner)).put(path, json={"access_token": hubspot.token})
    assert response.status_code == 200, response.text
    added = await add_call(
        jobs, tenant, token, status=CallStatus.IN_PROGRESS, is_connected=True, details={"contact": "4711"}
    )
    ended = {"status": CallStatus.COMPLETED, "duration": 42, "ended_at": utc_now()}
    async with jobs.sessions() as session, session.begin():
        await session.execute(sa.update(Call).where(Call.id == added).values(ended))
    await runner.assign_sequence_numbers()
    return added


async def be_killed(moment: str, step: str, settings: Settings, hubspot: HubSpotStandIn) -> None:
    """Let a process write until it is killed at the step."""
    if moment != "unanswered":
        await wait_until_killed(await start_killable(PROCESS, (moment, step), settings))
        return
    hubspot.hangs_after, hubspot.hanging = COMMITTED_BY_HUBSPOT[step] or next(iter(hubspot.calls)), asyncio.Event()
    process = await start_killable(PROCESS, ("never", step), settings)
    await asyncio.wait_for(hubspot.hanging.wait(), 120)
    process.kill()
    await wait_until_killed(process)
    hubspot.hangs_after = ""


async def ensure_written_by_another(hubspot: HubSpotStandIn, runner: HubSpotSyncRunner, tenant: Tenant) -> None:
    """Write what is left in another process, when the lease of the killed one has expired and not before."""
    asked = len(hubspot.asked)
    await runner.new_sync().run_due()
    assert len(hubspot.asked) == asked
    await runner.let_time_pass(tenant.organization.id)
    await runner.new_sync().run_due()
    [row] = await runner.rows(tenant.organization.id)
    assert row.state is CrmCallState.LOGGED


@pytest.mark.parametrize(
    ("moment", "step"),
    [
        ("before", "upsert_call"),
        ("unanswered", "upsert_call"),
        ("unanswered", "associate"),
        ("before", "store"),
        ("after", "store"),
    ],
)
async def test_a_call_is_written_once(
    call_id: UUID,
    tenant: Tenant,
    hubspot: HubSpotStandIn,
    runner: HubSpotSyncRunner,
    crm_settings: Settings,
    moment: str,
    step: str,
) -> None:
    await be_killed(moment, step, crm_settings, hubspot)
    assert len(hubspot.of(call_id)) == (0 if (moment, step) == ("before", "upsert_call") else 1)
    await ensure_written_by_another(hubspot, runner, tenant)
    [(_, written)] = hubspot.of(call_id)
    assert len(hubspot.calls) == 1
    assert written.properties["hs_call_duration"] == "42000"
    assert written.records == {"contacts/4711"}
    # A call that is marked as written is not written again.
    requests = 1 if (moment, step) in (("before", "upsert_call"), ("after", "store")) else 2
    assert hubspot.count("POST", ".*/batch/upsert") == requests


async def test_hubspot_has_the_last_change_of_a_written_call(
    owner: httpx.AsyncClient,
    call_id: UUID,
    tenant: Tenant,
    hubspot: HubSpotStandIn,
    runner: HubSpotSyncRunner,
    crm_settings: Settings,
) -> None:
    await runner.write()
    path = f"/api/organizations/{tenant.organization.id}/calls/{call_id}"
    assert (await owner.patch(path, json={"note": "Ring back"})).status_code == 200
    await runner.assign_sequence_numbers()
    await be_killed("unanswered", "update_call", crm_settings, hubspot)
    await ensure_written_by_another(hubspot, runner, tenant)
    [(_, written)] = hubspot.of(call_id)
    assert len(hubspot.calls) == 1
    assert written.properties["hs_call_body"] == "Ring back"
