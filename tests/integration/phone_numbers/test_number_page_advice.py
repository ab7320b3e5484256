"""The dashboard's number search page after refusals and abroad: fields, types, results and sentences."""

import html
import re
from collections.abc import Awaitable, Callable

import httpx
import pytest

from support.factories import Tenant
from support.page_session import errors_of, post_form

pytestmark = pytest.mark.anyio
Switches = Callable[..., Awaitable[None]]
DOCUMENTS = "the carrier may ask for identity documents; contact support before you choose."


def settings_of(tenant: Tenant) -> str:
    return f"/dashboard/{tenant.organization.slug}/settings"


async def search(client: httpx.AsyncClient, tenant: Tenant, **query: str) -> httpx.Response:
    return await client.get(f"{settings_of(tenant)}/numbers", params=query)


def offers_of(page: str) -> list[str]:
    return [html.unescape(number) for number in re.findall(r'name="number" value="([^"]+)"', page)]


def types_of(page: str) -> list[str]:
    return re.findall(r'<option value="([^"]+)"', page.partition('id="number-type"')[2].partition("</select>")[0])


async def test_searches_abroad_show_a_note_about_identity_documents(client: httpx.AsyncClient, tenant: Tenant) -> None:
    page = (await search(client, tenant, country="GB")).text
    assert offers_of(page)
    assert f"In the United Kingdom {DOCUMENTS}" in page
    assert DOCUMENTS not in (await search(client, tenant, country="US")).text


@pytest.mark.parametrize("typed", ["0161", "161", "+44161", "+44 161", "0044 161"])
async def test_an_area_code_is_understood_with_and_without_prefixes(
    client: httpx.AsyncClient, tenant: Tenant, typed: str
) -> None:
    offers = offers_of((await search(client, tenant, country="GB", area_code=typed)).text)
    assert offers
    assert all(number.startswith("+44161") for number in offers)


@pytest.mark.parametrize(
    ("country", "typed", "sentence"),
    [
        ("GB", "4420", "Enter the area code without the country code 44, or begin with +44"),
        ("GB", "+1415", "Enter an area code of the chosen country: its country code is +44"),
        ("GB", "+44", "An area code has 1 to 6 digits"),
        ("US", "+44161", "Enter an area code of the chosen country: its country code is +1"),
    ],
)
async def test_an_area_code_that_cannot_be_one_is_refused_beside_its_field(
    client: httpx.AsyncClient, tenant: Tenant, country: str, typed: str, sentence: str
) -> None:
    answer = await search(client, tenant, country=country, area_code=typed)
    assert (answer.status_code, errors_of(answer.text)) == (400, {"area_code": sentence})
    assert f'value="{typed}"' in answer.text


async def test_after_a_refused_purchase_the_results_are_still_there(
    client: httpx.AsyncClient, tenant: Tenant, switches: Switches
) -> None:
    query = {"country": "NZ", "type": "local", "area_code": "", "locality": "", "contains": "", "show": "all"}
    offers = offers_of((await search(client, tenant, **query)).text)
    await switches(purchase_error=21422)
    fields = {**query, "number": offers[0]}
    refused = await post_form(client, f"{settings_of(tenant)}/phone-numbers", f"{settings_of(tenant)}/numbers", fields)
    assert refused.status_code == 400
    assert "This number is not available any more" in refused.text
    assert offers_of(refused.text) == offers


async def test_a_purchase_that_needs_an_address_leads_to_the_open_address_form(
    client: httpx.AsyncClient, tenant: Tenant, switches: Switches
) -> None:
    query = {"country": "NZ", "type": "local", "area_code": "", "locality": "", "contains": "", "show": "now"}
    [number, *_] = offers_of((await search(client, tenant, **query)).text)
    await switches(address_required=["NZ"], address_requirement="local")
    fields = {**query, "number": number}
    refused = await post_form(client, f"{settings_of(tenant)}/phone-numbers", f"{settings_of(tenant)}/numbers", fields)
    assert "This number needs a registered address" in refused.text
    assert '<a href="#registered-addresses">Add an address</a>' in refused.text
    form = refused.text.partition('id="registered-addresses"')[2]
    assert '<details class="fold" open>' in form
    assert '<option value="NZ" selected' in form.partition('id="address-country"')[2].partition("</select>")[0]


async def test_after_an_error_the_types_are_those_of_the_country(client: httpx.AsyncClient, tenant: Tenant) -> None:
    settings = settings_of(tenant)
    refused = [
        await search(client, tenant, country="US", area_code="x"),
        await post_form(
            client, f"{settings}/phone-numbers", f"{settings}/addresses", {"country": "US", "street": "1 Market Street"}
        ),
        await post_form(
            client, f"{settings}/phone-numbers", f"{settings}/numbers", {"country": "US", "number": "+12125550102"}
        ),
    ]
    assert [(answer.status_code, types_of(answer.text)) for answer in refused] == [(400, ["local", "toll-free"])] * 3


async def test_countries_have_their_article_in_sentences(client: httpx.AsyncClient, tenant: Tenant) -> None:
    page = (await search(client, tenant, country="US", type="mobile")).text
    assert "In the United States the carrier sells local and toll-free numbers" in page
