"""The price of a number per month: in the search, before a number is bought, and where the carrier names none."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import httpx
import msgspec
import pytest

from carrier.port import Carrier, CarrierUnavailable, NotFoundAtCarrier, NumberType, OwnedNumber, Price
from carrier.twilio import TwilioCarrier
from kit.settings import Settings
from phone_numbers.prices import NumberPrices
from support.factories import Tenant
from support.faulty_carrier import Fault, FaultyCarrier
from support.page_session import form_token, post_form
from tenants.models import PhoneNumber

pytestmark = pytest.mark.anyio
Rows = Callable[[UUID], Awaitable[list[PhoneNumber]]]
Switches = Callable[..., Awaitable[None]]


def settings_of(tenant: Tenant) -> str:
    return f"/dashboard/{tenant.organization.slug}/settings"


async def review(client: httpx.AsyncClient, tenant: Tenant, number: str, **search: str) -> httpx.Response:
    """Press the button of a number in the search."""
    settings = settings_of(tenant)
    return await post_form(
        client, f"{settings}/phone-numbers", f"{settings}/numbers/review", {"number": number, **search}
    )


async def test_the_api_has_the_price_of_each_number(client: httpx.AsyncClient, tenant: Tenant) -> None:
    path = f"/api/organizations/{tenant.organization.id}/phone-numbers/available"
    for number_type, price in (("local", "1.15"), ("toll-free", "2.15")):
        items = (await client.get(path, params={"country": "US", "type": number_type})).json()["items"]
        assert {(item["monthly_price"], item["price_currency"]) for item in items} == {(price, "USD")}


async def test_the_page_asks_before_a_number_is_bought(
    client: httpx.AsyncClient, tenant: Tenant, number: str, held: Rows
) -> None:
    settings = settings_of(tenant)
    found = await client.get(f"{settings}/numbers", params={"country": "US", "area_code": number[2:5]})
    assert "$1.15" in found.text
    assert f'action="{settings}/numbers/review"' in found.text

    page = await review(client, tenant, number, country="US")
    assert page.status_code == 200
    for words in (
        "$1.15 a month",
        "Local",
        "Voice calls",
        "None needed",
        "Calls come from this number as soon as you have it",
    ):
        assert words in page.text
    assert await held(tenant.organization.id) == []

    bought = await post_form(
        client, f"{settings}/phone-numbers", f"{settings}/numbers", {"number": number, "country": "US"}
    )
    assert bought.status_code == 303
    assert [row.e164 for row in await held(tenant.organization.id)] == [number]


async def test_the_price_is_shown_before_the_purchase_and_two_clicks_buy_once(
    client: httpx.AsyncClient,
    tenant: Tenant,
    number: str,
    held: Rows,
    at_carrier: Callable[[str], Awaitable[list[OwnedNumber]]],
) -> None:
    page = await review(client, tenant, number, country="US")
    form = {"number": number, "country": "US", "csrf_token": form_token(page.text) or ""}
    address = f"{settings_of(tenant)}/numbers"
    answers = await asyncio.gather(*(client.post(address, data=form) for _ in range(2)))
    assert [answer.status_code for answer in answers] == [303, 303]
    assert len(await held(tenant.organization.id)) == 1
    assert len(await at_carrier(number)) == 1


async def test_a_number_sold_to_another_buyer_is_reported_above_the_search(
    client: httpx.AsyncClient, tenant: Tenant, number: str, carrier: Carrier
) -> None:
    await carrier.buy_number(number, friendly_name="somebody else's")
    page = await review(client, tenant, number, country="US")
    assert page.status_code == 400
    assert "is not available" in page.text
    assert "Get this number</button>" in page.text


async def test_an_unknown_price_is_not_guessed(client: httpx.AsyncClient, tenant: Tenant, switches: Switches) -> None:
    await switches(number_prices_unknown=["IT"])
    settings = settings_of(tenant)
    api = f"/api/organizations/{tenant.organization.id}/phone-numbers/available"
    items = (await client.get(api, params={"country": "IT"})).json()["items"]
    assert {(item["monthly_price"], item["price_currency"]) for item in items} == {(None, None)}
    found = await client.get(f"{settings}/numbers", params={"country": "IT"})
    assert "Not known" in found.text
    page = await review(client, tenant, items[0]["number"], country="IT")
    assert "Not known: the carrier gives no price for this number" in page.text
    assert "a month</strong>" not in page.text


async def test_prices_are_the_carriers_by_type_and_in_its_currency(carrier: Carrier, switches: Switches) -> None:
    assert await carrier.number_prices("GB") == {
        NumberType.LOCAL: Price(1_150_000),
        NumberType.MOBILE: Price(3_750_000),
        NumberType.NATIONAL: Price(2_500_000),
        NumberType.TOLL_FREE: Price(2_150_000),
    }
    await switches(price_unit="EUR")
    assert str((await carrier.number_prices("US"))[NumberType.LOCAL]) == "€1.15"
    with pytest.raises(NotFoundAtCarrier):
        await carrier.number_prices("ZZ")


async def test_with_a_key_of_another_region_no_price_is_requested(settings: Settings) -> None:
    placed = msgspec.structs.replace(settings.twilio, region="ie1", edges=("dublin",))
    carrier = TwilioCarrier(placed, api_base=None, signaling=None)
    with pytest.raises(NotFoundAtCarrier, match="us1"):
        await carrier.number_prices("US")
    await carrier.close()


async def test_prices_and_failed_requests_for_them_are_cached(
    faulty_carrier: FaultyCarrier, settings: Settings
) -> None:
    carrier = TwilioCarrier(settings.twilio, api_base=f"http://{faulty_carrier.address}", signaling=None)
    prices = NumberPrices(carrier)
    for _ in range(2):
        assert (await prices.of_country("US"))[NumberType.LOCAL] == Price(1_150_000)
    assert faulty_carrier.methods == ["GET"]
    faulty_carrier.faults = {"GET": Fault.REQUEST_LOST}
    with pytest.raises(CarrierUnavailable):
        await carrier.number_prices("GB")
    asked = len(faulty_carrier.methods)
    assert await prices.of_country("GB") == {}
    once = len(faulty_carrier.methods)
    assert once > asked
    assert await prices.of_country("GB") == {}
    assert len(faulty_carrier.methods) == once
    await carrier.close()
