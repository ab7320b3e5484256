"""Callback URLs of numbers: set at the purchase, and by the comparison with the carrier for this deployment's own."""

import httpx
import pytest

from carrier.port import Carrier, NumberUrls
from epoch.phone_number_jobs import build_number_reconciler, incoming_urls
from kit.db.database import Database
from kit.settings import Settings
from support.factories import Factory, Tenant
from tenants.models import PhoneNumber

pytestmark = pytest.mark.anyio
PURCHASE = "01a22853-e33e-7495-b47e-9d204a8fc741"
NO_URLS = NumberUrls("", "", "")
OTHER_URLS = NumberUrls("https://elsewhere.example/voice", "", "")
CARRIER_DEMO_URLS = NumberUrls("https://demo.twilio.com/welcome/voice/", "", "")


async def urls_of(carrier: Carrier, e164: str) -> NumberUrls:
    (owned,) = [owned for owned in await carrier.owned_numbers(e164=e164) if owned.e164 == e164]
    return owned.urls


async def test_a_bought_number_gets_the_urls_of_this_deployment(
    client: httpx.AsyncClient, tenant: Tenant, carrier: Carrier, number: str, settings: Settings
) -> None:
    path = f"/api/organizations/{tenant.organization.id}/phone-numbers"
    assert (await client.post(path, json={"number": number})).status_code == 201
    assert await urls_of(carrier, number) == incoming_urls(settings)


@pytest.mark.parametrize(
    ("name", "before", "is_changed"),
    [
        (f"pn:{PURCHASE}", NO_URLS, True),
        (f"pn:{PURCHASE}", OTHER_URLS, True),
        (f"pn:ffffffffffff:{PURCHASE}", NO_URLS, False),
        ("Front desk", NO_URLS, True),
        ("Front desk", CARRIER_DEMO_URLS, True),
        ("Front desk", OTHER_URLS, False),
    ],
)
async def test_the_comparison_sets_the_urls_of_held_numbers_and_not_of_others(
    make: Factory,
    database: Database,
    carrier: Carrier,
    number: str,
    settings: Settings,
    name: str,
    before: NumberUrls,
    is_changed: bool,
) -> None:
    bought = await carrier.buy_number(number, friendly_name=name, urls=before)
    organization_id = (await make.tenant(number=False)).organization.id
    async with database.sessions() as session, session.begin():
        session.add(PhoneNumber(organization_id=organization_id, e164=number, carrier_sid=bought.sid))
    report = await build_number_reconciler(database, carrier, urls=incoming_urls(settings)).compare()
    assert await urls_of(carrier, number) == (incoming_urls(settings) if is_changed else before)
    # Other tests leave numbers too.
    assert report.routed >= is_changed
