"""Number searches by type, place and address requirement, over the API and on the page."""

import html
import re
from collections.abc import Awaitable, Callable
from uuid import UUID

import httpx
import pytest

from support.factories import Tenant
from support.page_session import post_form
from tenants.models import PhoneNumber

pytestmark = pytest.mark.anyio
Rows = Callable[[UUID], Awaitable[list[PhoneNumber]]]
Switches = Callable[..., Awaitable[None]]


def path_of(tenant: Tenant) -> str:
    return f"/api/organizations/{tenant.organization.id}/phone-numbers"


async def found_of(client: httpx.AsyncClient, tenant: Tenant, **query: str) -> list[dict[str, object]]:
    answer = await client.get(f"{path_of(tenant)}/available", params=query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, object]] = answer.json()["items"]
    return items


@pytest.mark.parametrize(
    ("country", "number_type", "beginning"),
    [
        ("US", "toll-free", "+1800"),
        ("GB", "mobile", "+447700900"),
        ("GB", "national", "+443069990"),
        ("GB", "toll-free", "+448081570"),
        ("AU", "mobile", "+61491570"),
    ],
)
async def test_each_type_that_a_country_has_is_found_and_can_be_bought(
    client: httpx.AsyncClient, tenant: Tenant, country: str, number_type: str, beginning: str
) -> None:
    found = await found_of(client, tenant, country=country, type=number_type)
    assert found
    assert {item["type"] for item in found} == {number_type}
    number = str(found[0]["number"])
    assert number.startswith(beginning)
    bought = await client.post(path_of(tenant), json={"number": number, "country": country, "type": number_type})
    assert bought.status_code == 201, bought.text
    # phonenumbers does not know +447700900…: the carrier's offer is enough.
    assert (bought.json()["number"], bought.json()["country"]) == (number, country)
    assert (await client.get(path_of(tenant))).json()["items"] == [bought.json()]


async def test_a_number_is_bought_by_its_digits_alone_whatever_its_type(
    client: httpx.AsyncClient, tenant: Tenant
) -> None:
    number = (await found_of(client, tenant, country="GB", type="mobile"))[0]["number"]
    bought = await client.post(path_of(tenant), json={"number": number})
    assert bought.status_code == 201, bought.text


async def test_the_types_of_a_country_are_listed(client: httpx.AsyncClient, tenant: Tenant) -> None:
    async def types(country: str) -> object:
        return (await client.get(f"{path_of(tenant)}/available/types", params={"country": country})).json()

    assert await types("GB") == {"country": "GB", "types": ["local", "mobile", "national", "toll-free"]}
    assert await types("us") == {"country": "US", "types": ["local", "toll-free"]}
    assert await types("BR") == {"country": "BR", "types": []}
    assert await found_of(client, tenant, country="DE", type="mobile") == []


async def test_an_area_code_abroad_is_the_numbers_beginning_whatever_the_carrier_ignores(
    client: httpx.AsyncClient, tenant: Tenant, switches: Switches
) -> None:
    await switches(area_code_ignored_abroad=True)
    found = await found_of(client, tenant, country="GB", area_code="0161")
    assert found
    assert all(str(item["number"]).startswith("+44161") for item in found)


async def test_a_city_narrows_the_search(client: httpx.AsyncClient, tenant: Tenant) -> None:
    found = await found_of(client, tenant, country="GB", locality="Leeds")
    assert {item["locality"] for item in found} == {"Leeds"}


@pytest.mark.parametrize("requirement", ["any", "local", "foreign"])
async def test_numbers_that_need_an_address_are_shown_as_such_or_left_out(
    client: httpx.AsyncClient, tenant: Tenant, switches: Switches, requirement: str
) -> None:
    await switches(address_required=["NZ"], address_requirement=requirement)
    found = await found_of(client, tenant, country="NZ")
    assert {(item["available_now"], item["address_requirement"]) for item in found} == {(False, requirement)}
    assert await found_of(client, tenant, country="NZ", available_now="true") == []
    refused = await client.post(path_of(tenant), json={"number": found[0]["number"]})
    assert (refused.status_code, refused.json()["code"]) == (409, "address_required")
    assert await found_of(client, tenant, country="US", available_now="true")


@pytest.mark.parametrize(
    ("switch", "status", "code"),
    [
        ({"bundle_required": ["NZ"]}, 409, "bundle_required"),
        ({"purchase_error": 21422}, 409, "number_not_available"),
        ({"purchase_error": 21404}, 503, "carrier_account_limited"),
        ({"purchase_error": 20429}, 503, "carrier_busy"),
    ],
)
async def test_a_refused_purchase_answers_with_its_sentence(
    client: httpx.AsyncClient,
    tenant: Tenant,
    switches: Switches,
    switch: dict[str, object],
    status: int,
    code: str,
) -> None:
    await switches(**switch)
    number = (await found_of(client, tenant, country="NZ"))[0]["number"]
    refused = await client.post(path_of(tenant), json={"number": number})
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert refused.headers.get("retry-after") == ("60" if code == "carrier_busy" else None)
    await switches()
    assert (await client.post(path_of(tenant), json={"number": number})).status_code == 201


async def test_the_page_shows_what_is_available_now_until_asked_for_all(
    client: httpx.AsyncClient, tenant: Tenant, switches: Switches
) -> None:
    await switches(address_required=["NZ"], address_requirement="local")
    search = f"/dashboard/{tenant.organization.slug}/settings/numbers"
    page = (await client.get(search, params={"country": "NZ"})).text
    assert "may need a registered address" in page
    assert "Get this number</button>" not in page
    page = (await client.get(search, params={"country": "NZ", "show": "all"})).text
    assert "Needs a registered address in New Zealand" in page
    assert "Get this number</button>" not in page


async def test_the_form_has_the_fields_and_types_of_its_country(client: httpx.AsyncClient, tenant: Tenant) -> None:
    settings = f"/dashboard/{tenant.organization.slug}/settings"
    assert 'name="area_code"' in (await client.get(f"{settings}/phone-numbers")).text
    fields = (await client.get(f"{settings}/numbers/fields", params={"country": "GB"})).text
    assert 'name="area_code"' in fields
    assert 'name="locality"' in fields
    assert re.findall(r'<option value="([^"]+)"', fields) == ["local", "mobile", "national", "toll-free"]
    for country, example in (("US", "415"), ("GB", "20"), ("DE", "30"), ("dk", "")):
        part = (await client.get(f"{settings}/numbers/fields", params={"country": country})).text
        field = part.partition('name="area_code"')[2].partition(">")[0]
        assert re.findall(r'placeholder="([^"]*)"', field) == ([example] if example else [])
        assert ("Numbers in Denmark have no area codes." in part) is (country == "dk")
    german = (await client.get(f"{settings}/numbers/fields", params={"country": "DE"})).text
    assert re.findall(r'<option value="([^"]+)"', german) == ["local"]
    page = (await client.get(f"{settings}/numbers", params={"country": "DE", "type": "mobile"})).text
    assert "In Germany the carrier sells local numbers" in page


async def test_a_toll_free_number_is_got_on_the_page(client: httpx.AsyncClient, tenant: Tenant, held: Rows) -> None:
    settings = f"/dashboard/{tenant.organization.slug}/settings"
    query = {"country": "GB", "type": "toll-free", "contains": "", "area_code": "", "locality": "", "show": "now"}
    page = (await client.get(f"{settings}/numbers", params=query)).text
    [number, *_] = [html.unescape(found) for found in re.findall(r'name="number" value="([^"]+)"', page)]
    got = await post_form(client, f"{settings}/phone-numbers", f"{settings}/numbers", {**query, "number": number})
    assert got.status_code == 303
    assert [row.e164 for row in await held(tenant.organization.id)] == [number]
