"""The dashboard's forms of calling rules (countries, limits, blocked numbers) and of a token's own limits."""

import asyncio
import html
import re

import httpx
import pytest

from support.factories import (
    Factory,
    Tenant,
    Token,
    sign_in,
)
from support.form_submission import submit
from support.page_session import errors_of
from tenants.models import Role

pytestmark = pytest.mark.anyio


def settings_of(tenant: Tenant) -> str:
    return f"/dashboard/{tenant.organization.slug}/settings"


async def rules(client: httpx.AsyncClient, tenant: Tenant) -> dict[str, object]:
    found: dict[str, object] = (await client.get(f"/api/organizations/{tenant.organization.id}/calling-rules")).json()
    return found


async def submit_and_assert_saved(
    client: httpx.AsyncClient, tenant: Tenant, form: str, notice: str, **fields: str
) -> None:
    base = settings_of(tenant)
    answer = await submit(client, f"{base}/calling-rules/{form}", f"{base}/calling-rules", **fields)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{base}/calling-rules")
    assert notice in html.unescape((await client.get(f"{base}/calling-rules")).text)


def limit_fields(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input id="limit-\w+" name="(\w+)"[^>]* value="([^"]*)"', page))


async def test_countries_are_enabled_by_name_and_disabled(owner: httpx.AsyncClient, tenant: Tenant) -> None:
    await submit_and_assert_saved(
        owner,
        tenant,
        "countries",
        "United Kingdom is on the list; calls to it work from now on",
        destination="United Kingdom",
    )
    assert (await rules(owner, tenant))["countries"] == ["CA", "GB", "US"]
    await submit_and_assert_saved(
        owner, tenant, "countries/remove", "Calls to Canada are refused from now on", code="CA"
    )
    assert (await rules(owner, tenant))["countries"] == ["GB", "US"]


async def test_countries_enabled_at_the_same_time_are_all_kept(owner: httpx.AsyncClient, tenant: Tenant) -> None:
    base, names = settings_of(tenant), ("Germany", "France", "Italy", "Spain", "Japan", "Norway")
    answers = await asyncio.gather(
        *(submit(owner, f"{base}/calling-rules/countries", f"{base}/calling-rules", destination=name) for name in names)
    )
    assert {answer.status_code for answer in answers} == {303}
    assert (await rules(owner, tenant))["countries"] == ["CA", "DE", "ES", "FR", "IT", "JP", "NO", "US"]


async def test_an_unknown_country_is_kept_in_its_field_with_a_sentence(
    owner: httpx.AsyncClient, tenant: Tenant
) -> None:
    base = settings_of(tenant)
    answer = await submit(owner, f"{base}/calling-rules/countries", f"{base}/calling-rules", destination="Atlantis")
    assert answer.status_code == 400
    assert 'value="Atlantis"' in answer.text
    assert errors_of(answer.text)["destination"] == "There is no country called Atlantis"
    answer = await submit(owner, f"{base}/calling-rules/countries", f"{base}/calling-rules", destination=" ")
    assert errors_of(answer.text)["destination"] == "Name a country"


async def test_limits_are_saved_and_wrong_ones_marked(owner: httpx.AsyncClient, tenant: Tenant) -> None:
    base = settings_of(tenant)
    fields = limit_fields((await owner.get(f"{base}/calling-rules")).text)
    assert (fields["minutes_per_day"], fields["spend_cents_per_day"]) == ("600", "25.00")
    await submit_and_assert_saved(
        owner, tenant, "limits", "Spend per day: $12.50", **{**fields, "spend_cents_per_day": "12.50"}
    )
    limits = (await rules(owner, tenant))["limits"]
    assert isinstance(limits, dict)
    assert (limits["spend_cents_per_day"], limits["minutes_per_day"]) == (1250, 600)

    wrong = {"minutes_per_day": "601", "spend_cents_per_day": "twelve", "live_calls": "-1"}
    answer = await submit(owner, f"{base}/calling-rules/limits", f"{base}/calling-rules", **{**fields, **wrong})

    assert answer.status_code == 400
    assert errors_of(answer.text) == {
        "minutes_per_day": "Enter minutes, from 0 to 600",
        "spend_cents_per_day": "Enter an amount in US dollars, from 0 to $25.00",
        "live_calls": "Enter a whole number, from 0 to 50",
    }
    assert (await rules(owner, tenant))["limits"] == limits


async def test_numbers_are_blocked_and_unblocked(owner: httpx.AsyncClient, tenant: Tenant) -> None:
    await submit_and_assert_saved(
        owner, tenant, "blocked", "+1 212-555-0147 is blocked", blocked_numbers="(212) 555-0147"
    )
    assert (await rules(owner, tenant))["blocked_numbers"] == ["+12125550147"]
    base = settings_of(tenant)
    answer = await submit(owner, f"{base}/calling-rules/blocked", f"{base}/calling-rules", blocked_numbers="911")
    assert errors_of(answer.text) == {"blocked_numbers": "Emergency numbers cannot be called: 911"}
    answer = await submit(owner, f"{base}/calling-rules/blocked", f"{base}/calling-rules", blocked_numbers=" ")
    assert errors_of(answer.text) == {"blocked_numbers": "Enter a phone number"}
    await submit_and_assert_saved(
        owner, tenant, "blocked/remove", "+1 212-555-0147 is no longer blocked and can be called", number="+12125550147"
    )
    assert (await rules(owner, tenant))["blocked_numbers"] == []


async def test_a_token_is_narrowed_on_its_own_page(owner: httpx.AsyncClient, tenant: Tenant, token: Token) -> None:
    page = f"{settings_of(tenant)}/embed-tokens/{token.id}"
    fields = {"minutes_per_day": "30", "live_calls": "", "countries": "us, Canada"}
    answer = await submit(owner, f"{page}/limits", page, **fields)
    assert answer.status_code == 303, answer.text
    narrowed = {"token_id": str(token.id), "minutes_per_day": 30, "live_calls": None, "countries": ["CA", "US"]}
    assert (await rules(owner, tenant))["tokens"] == [narrowed]
    assert 'value="Canada, United States"' in (await owner.get(page)).text

    answer = await submit(owner, f"{page}/limits", page, **{**fields, "minutes_per_day": "1441", "countries": "Narnia"})

    assert answer.status_code == 400
    assert errors_of(answer.text) == {
        "minutes_per_day": "From 0 to 1,440, or empty",
        "countries": "There is no country called Narnia",
    }
    await submit(owner, f"{page}/limits", page, minutes_per_day="", live_calls="", countries="")
    assert (await rules(owner, tenant))["tokens"] == []


async def test_members_see_the_rules_and_no_forms(client: httpx.AsyncClient, make: Factory, tenant: Tenant) -> None:
    await sign_in(client, await make.member(tenant.organization, Role.MEMBER))
    page = (await client.get(f"{settings_of(tenant)}/calling-rules")).text
    assert "No numbers are blocked" in page
    assert "calling-rules/" not in page
    refused = await client.post(f"{settings_of(tenant)}/calling-rules/countries", data={"destination": "France"})
    assert refused.status_code == 403
