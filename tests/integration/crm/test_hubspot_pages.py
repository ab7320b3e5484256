"""The dashboard's settings section HubSpot: connect, see failures, try again, remove; without scripts."""

import httpx
import pytest
import sqlalchemy as sa

from calls.models import Call, CallStatus
from crm.models import CrmCallState, FailureReason
from kit.db.database import Database
from kit.settings import Settings
from support.call_factory import add_call
from support.factories import Tenant, Token
from support.hubspot_stand_in import HubSpotStandIn
from support.hubspot_sync_runner import HubSpotSyncRunner
from support.page_session import errors_of, message_after, post_form

pytestmark = pytest.mark.anyio


async def test_the_section_from_its_form_to_its_end(
    owner: httpx.AsyncClient,
    tenant: Tenant,
    token: Token,
    hubspot: HubSpotStandIn,
    jobs: Database,
    crm_settings: Settings,
) -> None:
    section, log = f"/dashboard/{tenant.organization.slug}/settings/hubspot", HubSpotSyncRunner(jobs, crm_settings)
    refused = await post_form(owner, section, section, {"access_token": "pat-eu1-unknown"})
    assert (refused.status_code, list(errors_of(refused.text))) == (400, ["access_token"])
    assert "pat-eu1-unknown" not in refused.text
    said = await message_after(owner, section, section, {"access_token": f" {hubspot.token} "})
    assert f"Connected: calls are written into the HubSpot account {hubspot.portal_id}." in said
    assert (await log.connection(tenant.organization.id)).portal_id == str(hubspot.portal_id)

    for contact in ("4712", "c-1"):
        await add_call(
            jobs, tenant, token, is_connected=True, status=CallStatus.IN_PROGRESS, details={"contact": contact}
        )
    async with jobs.sessions() as session, session.begin():
        mine = Call.organization_id == tenant.organization.id
        await session.execute(sa.update(Call).where(mine).values(status=CallStatus.COMPLETED))
    await log.write()
    page = (await owner.get(section)).text
    assert hubspot.token not in page
    assert "HubSpot has no such record" in page
    assert "metadata.contact must be the contact" in page
    failed = {row.reason: row for row in await log.rows(tenant.organization.id)}
    missing, not_valid = failed[FailureReason.RECORD_MISSING], failed[FailureReason.RECORD_ID_NOT_VALID]
    assert f"failures/{missing.id}/retry" in page
    # Another try would fail the same way.
    assert f"failures/{not_valid.id}/retry" not in page
    said = await message_after(owner, section, f"{section}/failures/{missing.id}/retry")
    assert "The call is tried again" in said
    states = {row.id: row.state for row in await log.rows(tenant.organization.id)}
    assert states == {missing.id: CrmCallState.WAITING, not_valid.id: CrmCallState.FAILED}
    await log.write()
    assert "2 calls are tried again" in await message_after(owner, section, f"{section}/retry")
    assert {row.state for row in await log.rows(tenant.organization.id)} == {CrmCallState.WAITING}

    hubspot.token = "pat-eu1-another"
    await log.write()
    assert "HubSpot refuses the token" in (await owner.get(section)).text
    assert "Remove HubSpot?" in (await owner.get(f"{section}/remove")).text
    said = await message_after(owner, section, f"{section}/remove")
    assert "HubSpot is removed: no call is written there any more." in said
    assert await log.rows(tenant.organization.id) == []
    assert "Connect HubSpot" in (await owner.get(section)).text
