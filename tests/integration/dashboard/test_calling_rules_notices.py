"""Notices after a change of the calling rules name the rules in effect, for new accounts and overrides by staff too."""

import datetime as dt
import html

import httpx
import pytest
import sqlalchemy as sa

from calls.limits.models import CallingRules, UsageCounter, UsageScope
from calls.limits.overrides import LimitOverrideService
from kit.actor import SYSTEM
from kit.clock import utc_now
from kit.db.database import Database
from support.callback_client import CallbackClient, new_sid
from support.factories import Factory, Tenant, Token, sign_in
from support.form_submission import submit
from tenants.plans import Plan

pytestmark = pytest.mark.anyio
AGE = dt.timedelta(days=3, hours=1)
ENDS = "start on {day}, when the account is no longer new"


@pytest.fixture
async def new_tenant(client: httpx.AsyncClient, make: Factory) -> Tenant:
    """An organization in its first days, whose owner is signed in."""
    tenant = await make.tenant(age=AGE)
    await sign_in(client, tenant.owner)
    return tenant


def end_of_first_days(tenant: Tenant) -> str:
    organization = tenant.organization
    end = (organization.created_at + dt.timedelta(days=14)).astimezone(organization.zone)
    return f"{end:%b} {end.day}"


async def notice_after(client: httpx.AsyncClient, tenant: Tenant, form: str, **fields: str) -> str:
    """Submit a form of the calling rules and return the next page, which has the notice."""
    base = f"/dashboard/{tenant.organization.slug}/settings"
    answer = await submit(client, f"{base}/calling-rules/{form}", f"{base}/calling-rules", **fields)
    assert answer.status_code == 303, answer.text
    return html.unescape((await client.get(f"{base}/calling-rules")).text)


async def change_limits(client: httpx.AsyncClient, tenant: Tenant, **fields: str) -> str:
    rules = (await client.get(f"/api/organizations/{tenant.organization.id}/calling-rules")).json()
    shown = {name: str(value / 100 if "cents" in name else value) for name, value in rules["limits"].items()}
    return await notice_after(client, tenant, "limits", **{**shown, **fields})


async def override(database: Database, tenant: Tenant, name: str, value: int) -> None:
    async with database.sessions() as session, session.begin():
        ends_at = utc_now() + dt.timedelta(days=2)
        await LimitOverrideService(session).set(
            tenant.organization.id, name, value, ends_at=ends_at, reason="More", by=SYSTEM
        )


async def test_a_limit_holds_as_entered(owner: httpx.AsyncClient, tenant: Tenant) -> None:
    assert ">Minutes per day: 30<" in await change_limits(owner, tenant, minutes_per_day="30")
    assert ">No limit was changed<" in await change_limits(owner, tenant, minutes_per_day="30")
    page = await change_limits(owner, tenant, minutes_per_day="31", calls_per_day="7", live_calls="0")
    assert ">Minutes per day: 31. Calls per day: 7. Calls at once: 0; all calls are refused<" in page


async def test_a_new_account_has_a_quarter_of_a_limit_of_minutes_until_a_day(
    client: httpx.AsyncClient, new_tenant: Tenant
) -> None:
    page = await change_limits(client, new_tenant, minutes_per_day="30", calls_per_minute="30")
    day = end_of_first_days(new_tenant)
    assert f">Minutes per day: 30; 8 until {day}, because the account is new. Calls per minute: 30<" in page


async def test_a_lower_spend_of_the_organization_holds_for_each_token(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant(plan=Plan.BUSINESS)
    await sign_in(client, tenant.owner)
    page = await change_limits(client, tenant, spend_cents_per_day_per_token="40")
    assert "Spend per day with one token: $25.00, because it cannot exceed “Spend per day”<" in page
    assert ">Spend per day: $50.00. Spend per day with one token: $50.00<" in await change_limits(
        client, tenant, spend_cents_per_day="50"
    )


async def test_an_override_by_staff_is_the_highest_value_and_ends_on_a_day(
    owner: httpx.AsyncClient, tenant: Tenant, database: Database
) -> None:
    await override(database, tenant, "minutes_per_day", 5000)
    page = await change_limits(owner, tenant, minutes_per_day="4000")
    assert ">Minutes per day: 4,000<" in page
    assert "Set by support until" in page
    assert "Set it higher, up to 5,000." in page


async def test_a_limit_below_what_is_used_says_that_calls_are_refused(
    owner: httpx.AsyncClient, tenant: Tenant, token: Token, callbacks: CallbackClient, database: Database
) -> None:
    assert b"<Dial" in (await callbacks.outgoing(token.id, new_sid())).content
    async with database.sessions() as session, session.begin():
        mine = UsageCounter.owned_by(tenant.organization.id), UsageCounter.scope == UsageScope.ORGANIZATION
        await session.execute(sa.update(UsageCounter).where(*mine).values(day_minutes=42, day_micros=170_000))
    page = await change_limits(owner, tenant, minutes_per_day="40")
    assert ">Minutes per day: 40; 42 are used, so calls are refused<" in page
    page = await change_limits(owner, tenant, spend_cents_per_day="0.10")
    assert ">Spend per day: $0.10; $0.17 is used, so calls are refused" in page


@pytest.mark.parametrize(
    ("country", "notice"),
    [
        ("France", "France is on the list; calls to it work from now on"),
        ("Canada", "Canada was on the list already; calls to it work from now on"),
        ("United States", "United States can always be called: it belongs to your home country"),
    ],
)
async def test_a_country_can_be_called(owner: httpx.AsyncClient, tenant: Tenant, country: str, notice: str) -> None:
    assert f">{notice}<" in await notice_after(owner, tenant, "countries", destination=country)


async def test_a_country_waits_for_the_end_of_the_first_days(
    client: httpx.AsyncClient, new_tenant: Tenant, callbacks: CallbackClient, make: Factory, database: Database
) -> None:
    token, day = await make.token(new_tenant), end_of_first_days(new_tenant)
    page = await notice_after(client, new_tenant, "countries", destination="France")
    assert f">France is on the list; calls to it {ENDS.format(day=day)}<" in page
    assert "calls work to the United States only; to the other countries after that" in page
    assert b"<Dial" not in (await callbacks.outgoing(token.id, new_sid(), to="+33199001234")).content
    await override(database, new_tenant, "first_days", 0)
    assert b"<Dial" in (await callbacks.outgoing(token.id, new_sid(), to="+33199001234")).content
    assert ">Calls to France are refused from now on<" in await notice_after(
        client, new_tenant, "countries/remove", code="FR"
    )


async def test_a_plan_without_calls_is_named_before_its_rules(client: httpx.AsyncClient, make: Factory) -> None:
    tenant = await make.tenant(plan=Plan.STARTER, age=AGE)
    await sign_in(client, tenant.owner)
    page = (await client.get(f"/dashboard/{tenant.organization.slug}/settings/calling-rules")).text
    assert "Organization plan does not support widgets" in page
    assert "Request upgrade" in page
    assert "New account" not in page.partition('id="limits"')[0]
    assert "calls work to the United States only" not in page


async def test_a_new_account_reads_that_its_quarter_follows_the_values_below(
    client: httpx.AsyncClient, new_tenant: Tenant
) -> None:
    page = (await client.get(f"/dashboard/{new_tenant.organization.slug}/settings/calling-rules")).text
    assert "international numbers set below, and can call" in page
    assert "If you set a lower value, its quarter is lower too." in page


async def test_a_country_waits_for_a_plan_with_calls(client: httpx.AsyncClient, make: Factory) -> None:
    tenant = await make.tenant(plan=Plan.STARTER)
    await sign_in(client, tenant.owner)
    page = await notice_after(client, tenant, "countries", destination="France")
    assert ">France is on the list; calls start with a plan that includes them<" in page


async def test_a_token_with_a_list_of_its_own_does_not_call_a_new_country(
    owner: httpx.AsyncClient, tenant: Tenant, token: Token
) -> None:
    assert "work from now on" in await token_notice_after(owner, tenant, token, countries="US")
    page = await notice_after(owner, tenant, "countries", destination="France")
    assert ">France is on the list; calls to it work from now on. 1 token has a list of countries without it<" in page


async def test_a_country_that_shares_its_numbers_can_still_be_called(client: httpx.AsyncClient, make: Factory) -> None:
    tenant = await make.tenant(country="GB")
    await sign_in(client, tenant.owner)
    await notice_after(client, tenant, "countries", destination="Norway")
    await notice_after(client, tenant, "countries", destination="Svalbard & Jan Mayen")
    page = await notice_after(client, tenant, "countries/remove", code="SJ")
    assert "can still be called: it shares its numbers with a country that is on it<" in page


async def test_an_unblocked_number_is_called_only_where_its_country_is_listed(
    client: httpx.AsyncClient, new_tenant: Tenant, database: Database
) -> None:
    for number in ("+33199001234", "+14165550126", "+12125550147"):
        await notice_after(client, new_tenant, "blocked", blocked_numbers=number)
    removed = {
        number: await notice_after(client, new_tenant, "blocked/remove", number=number)
        for number in ("+33199001234", "+14165550126", "+12125550147")
    }
    assert "but calls to it are refused: France is not on the list of countries<" in removed["+33199001234"]
    assert f"calls to Canada {ENDS.format(day=end_of_first_days(new_tenant))}<" in removed["+14165550126"]
    assert "is no longer blocked and can be called<" in removed["+12125550147"]


async def token_notice_after(client: httpx.AsyncClient, tenant: Tenant, token: Token, **fields: str) -> str:
    page = f"/dashboard/{tenant.organization.slug}/settings/embed-tokens/{token.id}"
    values = {"minutes_per_day": "", "live_calls": "", "countries": "", **fields}
    answer = await submit(client, f"{page}/limits", page, **values)
    assert answer.status_code == 303, answer.text
    return html.unescape((await client.get(page)).text)


async def test_a_tokens_limits_say_what_the_organizations_leave_of_them(
    owner: httpx.AsyncClient, tenant: Tenant, token: Token
) -> None:
    page = await token_notice_after(owner, tenant, token, minutes_per_day="30", live_calls="2", countries="us, Canada")
    assert ">Minutes per day: 30. Calls at once: 2. Countries: Canada, United States; calls work from now on<" in page
    page = await token_notice_after(owner, tenant, token, minutes_per_day="700", live_calls="30", countries="France")
    assert "Minutes per day: 700; your limit “Minutes per day” leaves 600. " in page
    assert "Calls at once: 30; your limit “Calls at once with one token” leaves 25. " in page
    assert "calls to France are refused until your calling rules list it<" in page
    assert ">Calls at once: 0; this token cannot call<" in await token_notice_after(
        owner, tenant, token, live_calls="0"
    )
    assert ">This token has no limits of its own" in await token_notice_after(owner, tenant, token)


async def test_a_tokens_limits_of_a_new_account(client: httpx.AsyncClient, new_tenant: Tenant, make: Factory) -> None:
    token, day = await make.token(new_tenant), end_of_first_days(new_tenant)
    page = await token_notice_after(client, new_tenant, token, minutes_per_day="200", countries="Canada")
    assert f"your limit “Minutes per day” leaves 150 until {day}, because the account is new. " in page
    assert f"calls to Canada {ENDS.format(day=day)}<" in page


async def test_every_limit_is_shown_with_its_use_and_how_to_raise_it(
    client: httpx.AsyncClient, new_tenant: Tenant, callbacks: CallbackClient, make: Factory, database: Database
) -> None:
    token, api = await make.token(new_tenant), f"/api/organizations/{new_tenant.organization.id}/calling-rules"
    for _ in range(3):
        assert b"<Dial" in (await callbacks.outgoing(token.id, new_sid())).content
    await client.put(api, json={"limits": {"calls_per_day": 100}})

    page = html.unescape((await client.get(f"/dashboard/{new_tenant.organization.slug}/settings/calling-rules")).text)

    for use in (
        "3 of 120 in this minute<",
        "3 of 60 in this minute, with the most used token<",
        "1 of 20 in this minute, from the most used phone<",
        "1 of 1 now, from the most used phone<",
        "3 of 20 in this hour, to the most called number<",
        "3 of 100 today<",
        "0 of 150 today<",
        "$0.00 of $6.25 today, with the most used token<",
    ):
        assert use in page, use
    day = end_of_first_days(new_tenant)
    for way_to_raise in (
        f"New account: 600 from {day}. Business allows 1,200. Support can raise it.",
        "Set it higher, up to 2,000.",
        f"New account: $25.00 from {day}. It cannot exceed “Spend per day”.",
    ):
        assert way_to_raise in page, way_to_raise
    rules = (await client.get(api)).json()
    assert (rules["limits"]["minutes_per_day"], rules["limits_now"]["minutes_per_day"]) == (600, 150)
    assert rules["limits_now"]["calls_per_minute_per_phone"] == 20
    assert rules["used"]["calls_per_minute_per_phone"] == 1
    assert rules["used"]["calls_to_one_number_per_hour"] == rules["used"]["live_calls"] == 3
    assert (rules["countries"], rules["callable_countries"]) == (["CA", "US"], ["US"])
    async with database.sessions() as session:
        own = await session.scalar(
            sa.select(CallingRules.limits).where(CallingRules.owned_by(new_tenant.organization.id))
        )
    assert own == {"calls_per_day": 100}
