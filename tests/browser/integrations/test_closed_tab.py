"""A page's tab that is closed during a call: HubSpot gets the call once, with its duration and outcome."""

import datetime as dt
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from browser.conftest import SPEED, OpenPhone
from calls.outcomes.rules import Outcome
from calls.outcomes.services import OutcomeService
from kit.actor import SYSTEM
from kit.clock import utc_now
from support.browser.product import ECHO, Customer, running_product
from support.factories import sign_in
from support.hubspot_stand_in import HubSpotStandIn
from support.local_http import local_client
from support.waiting import wait_until

pytestmark = pytest.mark.anyio


@pytest.fixture
async def hubspot() -> AsyncIterator[HubSpotStandIn]:
    async with HubSpotStandIn().serving() as server:
        yield server


@pytest.fixture
async def customer(
    new_migrated_database: Callable[[], str], tmp_path: Path, hubspot: HubSpotStandIn
) -> AsyncIterator[Customer]:
    """An organization whose calls are written into ``hubspot``, with an outcome that HubSpot has too."""
    settings = {"EPOCH_SANDBOX_SPEED": SPEED, "EPOCH_HUBSPOT_URL": hubspot.url}
    async with running_product(new_migrated_database(), tmp_path, **settings) as product:
        made = await product.customer()
        organization_id = made.tenant.organization.id
        async with product.database.sessions() as session, session.begin():
            await OutcomeService(session).replace(organization_id, [Outcome("Connected", "#059669", True)], by=SYSTEM)
        async with local_client(base_url=product.url) as client:
            path, body = f"/api/organizations/{organization_id}/integrations/hubspot", {"access_token": hubspot.token}
            response = await (await sign_in(client, made.tenant.owner)).put(path, json=body)
            assert response.status_code == 200, response.text
        yield made


async def test_a_tab_closed_in_mid_call_leaves_one_call_in_hubspot(
    customer: Customer, hubspot: HubSpotStandIn, open_phone: OpenPhone
) -> None:
    phone = await open_phone(customer)
    await phone.until_event("ready")
    await phone.call(ECHO, {"metadata": {"contact": "4711"}})
    await phone.until_event("callAnswered")
    await phone.page.evaluate(
        "id => EpochPhone.setOutcome(id, { outcome: 'Connected' })", (await the_call(customer))["call_id"]
    )

    async def has_lasted() -> bool:
        answered_at = (await the_call(customer))["answered_at"]
        return answered_at is not None and utc_now() - dt.datetime.fromisoformat(answered_at) > dt.timedelta(seconds=2)

    await wait_until(has_lasted, pause=0.1)
    await phone.page.close()

    async def is_written() -> bool:
        call, stored = await the_call(customer), list(hubspot.calls.values())
        duration = str(call["duration"] * 1000)
        return call["ended_at"] is not None and [each.properties["hs_call_duration"] for each in stored] == [duration]

    await wait_until(is_written, pause=0.1)
    call = await the_call(customer)
    [(_, written)] = hubspot.of(call["id"])
    assert len(hubspot.calls) == 1
    assert call["duration"] > 0
    assert (call["status"], written.properties["hs_call_status"]) == ("completed", "COMPLETED")
    assert written.properties["hs_call_disposition"] == hubspot.dispositions[0]["id"]
    assert written.records == {"contacts/4711"}


async def the_call(customer: Customer) -> dict[str, Any]:
    """The organization's only call."""
    [call] = await customer.calls()
    return call
