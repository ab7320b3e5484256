"""The dashboard's phone number pages: search, buy and release, without scripts."""

import html
import re
from collections.abc import Awaitable, Callable
from uuid import UUID

import httpx
import pytest

from calls.models import CallStatus
from conftest import NewClient
from kit.db.database import Database
from support.call_factory import add_call
from support.factories import Factory, Tenant, sign_in
from support.page_session import errors_of, post_form
from tenants.models import NumberPurchase, PhoneNumber, Role
from tenants.plans import Plan

pytestmark = pytest.mark.anyio
Rows = Callable[[UUID], Awaitable[list[PhoneNumber]]]


def settings_of(tenant: Tenant) -> str:
    return f"/dashboard/{tenant.organization.slug}/settings"


def offers_of(page: str) -> list[str]:
    """The numbers that the page offers."""
    return [html.unescape(number) for number in re.findall(r'name="number" value="([^"]+)"', page)]


async def test_a_number_is_searched_bought_and_released(client: httpx.AsyncClient, make: Factory, held: Rows) -> None:
    tenant = await make.tenant(number=False)
    await sign_in(client, tenant.owner)
    settings = settings_of(tenant)
    assert "No number yet" in (await client.get(f"{settings}/phone-numbers")).text

    query = {"country": "US", "area_code": "503", "contains": ""}
    found = await client.get(f"{settings}/numbers", params=query)
    assert found.status_code == 200
    offers = offers_of(found.text)
    assert offers
    assert all(number.startswith("+1503") for number in offers)
    assert found.text.count("Get this number</button>") == len(offers)

    got = await post_form(client, f"{settings}/phone-numbers", f"{settings}/numbers", {**query, "number": offers[0]})
    assert got.status_code == 303
    assert got.headers["location"] == f"{settings}/phone-numbers"
    page = (await client.get(f"{settings}/phone-numbers")).text
    shown = f"+1 {offers[0][2:5]}-{offers[0][5:8]}-{offers[0][8:]}"
    assert f"{shown} is yours" in page
    assert "is yours" not in (await client.get(f"{settings}/phone-numbers")).text
    assert ">Default</span>" in page
    assert f'aria-label="Release {shown}"' in page
    assert f"Release {shown}?" in page

    [row] = await held(tenant.organization.id)
    release = f"{settings}/numbers/{row.id}/release"
    page = (await client.get(release)).text
    assert f"Release {shown}?" in page
    assert "Release number</button>" in page
    assert [number.id for number in await held(tenant.organization.id)] == [row.id]
    released = await post_form(client, release, release, {})
    assert (released.status_code, released.headers["location"]) == (303, f"{settings}/phone-numbers")
    assert await held(tenant.organization.id) == []
    again = await post_form(client, f"{settings}/phone-numbers", release, {})
    assert again.status_code == 404


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"country": "US", "area_code": "4a5"}, "area_code", "An area code has 1 to 6 digits"),
        ({"country": "US", "contains": "1"}, "contains", "Enter 2 to 15 digits"),
        ({"country": "ZZ"}, "country", "Choose a country, by its two-letter code like US"),
    ],
)
async def test_an_error_is_shown_at_its_field_and_the_input_stays(
    client: httpx.AsyncClient, make: Factory, typed: dict[str, str], field: str, sentence: str
) -> None:
    tenant = await make.tenant(number=False)
    await sign_in(client, tenant.owner)
    answer = await client.get(f"{settings_of(tenant)}/numbers", params=typed)
    assert answer.status_code == 400
    assert errors_of(answer.text) == {field: sentence}
    for value in typed.values():
        assert f'value="{value}"' in answer.text or value == "ZZ"


async def test_what_is_typed_is_inert(client: httpx.AsyncClient, make: Factory) -> None:
    tenant = await make.tenant(number=False)
    await sign_in(client, tenant.owner)
    typed = "\"><script>alert('x')</script>"
    answer = await client.get(f"{settings_of(tenant)}/numbers", params={"country": typed, "area_code": typed})
    assert answer.status_code == 400
    assert "<script>alert" not in answer.text


async def test_a_number_no_longer_for_sale_is_reported_above_the_search(
    client: httpx.AsyncClient,
    make: Factory,
    purchases: Callable[[UUID], Awaitable[list[NumberPurchase]]],
) -> None:
    tenant = await make.tenant(number=False)
    await sign_in(client, tenant.owner)
    settings = settings_of(tenant)
    fields = {"country": "US", "area_code": "212", "contains": "", "number": "+12125550102"}
    answer = await post_form(client, f"{settings}/phone-numbers", f"{settings}/numbers", fields)
    assert answer.status_code == 400
    assert "This number is not available any more" in answer.text
    assert 'value="212"' in answer.text
    assert await purchases(tenant.organization.id) == []


async def test_without_the_forms_token_nothing_is_bought(
    client: httpx.AsyncClient, make: Factory, number: str, held: Rows
) -> None:
    tenant = await make.tenant(number=False)
    await sign_in(client, tenant.owner)
    client.headers.pop("x-csrftoken")
    answer = await client.post(f"{settings_of(tenant)}/numbers", data={"number": number})
    assert answer.status_code == 403
    assert await held(tenant.organization.id) == []


async def test_a_plan_without_numbers_says_so_and_leads_to_the_upgrade(
    client: httpx.AsyncClient, make: Factory, number: str, held: Rows
) -> None:
    tenant = await make.tenant(number=False, plan=Plan.STARTER)
    await sign_in(client, tenant.owner)
    settings = settings_of(tenant)
    page = (await client.get(f"{settings}/phone-numbers")).text
    section = page.partition('id="phone-number"')[2].partition("</section>")[0]
    assert "Organization plan does not support widgets" in section
    assert '<fieldset class="form" disabled>' in section
    assert "Numbers come with Pro and above." in section
    assert "phones can call a minute later" not in section
    for answer in (
        await client.get(f"{settings}/numbers"),
        await post_form(client, f"{settings}/phone-numbers", f"{settings}/numbers", {"number": number}),
    ):
        assert answer.status_code == 403
        assert "Organization plan does not support widgets" in answer.text
    assert await held(tenant.organization.id) == []


async def test_a_member_sees_the_numbers_and_no_buttons(new_client: NewClient, make: Factory, held: Rows) -> None:
    tenant = await make.tenant()
    client = await sign_in(new_client(), await make.member(tenant.organization, Role.MEMBER))
    settings = settings_of(tenant)
    section = (
        (await client.get(f"{settings}/phone-numbers"))
        .text.partition('id="phone-number"')[2]
        .partition("</section>")[0]
    )
    assert tenant.number is not None
    assert tenant.number[-4:] in section
    assert "<button" not in section
    [row] = await held(tenant.organization.id)
    assert (await client.get(f"{settings}/numbers")).status_code == 403
    assert (
        await post_form(client, f"{settings}/phone-numbers", f"{settings}/numbers/{row.id}/release", {})
    ).status_code == 403
    assert [number.id for number in await held(tenant.organization.id)] == [row.id]


async def test_another_organizations_settings_are_not_there(new_client: NewClient, make: Factory, held: Rows) -> None:
    mine, theirs = await make.tenant(), await make.tenant()
    client = await sign_in(new_client(), mine.owner)
    [victim] = await held(theirs.organization.id)
    for slug in (mine.organization.slug, theirs.organization.slug):
        path = f"/dashboard/{slug}/settings/numbers/{victim.id}/release"
        assert (await client.get(path)).status_code == 404
        assert (await post_form(client, f"{settings_of(mine)}/phone-numbers", path, {})).status_code == 404
    assert [number.releasing_at for number in await held(theirs.organization.id)] == [None]


async def test_releasing_a_number_in_a_live_call_says_when_it_can_be_released(
    client: httpx.AsyncClient, make: Factory, database: Database, held: Rows
) -> None:
    tenant = await make.tenant()
    await add_call(
        database, tenant, await make.token(tenant), status=CallStatus.IN_PROGRESS, is_connected=True, duration=0
    )
    await sign_in(client, tenant.owner)
    [row] = await held(tenant.organization.id)
    settings = settings_of(tenant)
    await post_form(client, f"{settings}/phone-numbers", f"{settings}/numbers/{row.id}/release", {})
    message = "Number is in use: a live call comes from it. Release it once the call has ended."
    assert message in (await client.get(f"{settings}/phone-numbers")).text
