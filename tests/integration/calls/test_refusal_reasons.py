"""The reason of each refused call: stored at the carrier's request, shown by the widget, the API and the pages."""

import datetime as dt
import html
import re
from typing import Any
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa

from calls.limits.limit_names import DEFAULT_COUNTS
from calls.limits.models import BlockedNumber, CallingRules, TokenLimits, UsageCounter
from calls.limits.pause import CallingPauseService
from calls.models import CallStatus
from kit.actor import SYSTEM
from kit.clock import utc_now
from kit.db.database import Database
from kit.db.model import Base
from support.api_helpers import assert_refused
from support.call_factory import add_call
from support.callback_client import REJECT, CallbackClient, new_sid
from support.factories import Factory, Tenant, Token, sign_in
from support.limit_cases import COUNT_LIMITS
from support.widget_client import post_token
from widget.refusals import REFUSALS

pytestmark = pytest.mark.anyio
FRANCE, CANADA, BLOCKED = "+33123456789", "+14165550126", "+12125550188"


async def store(database: Database, *rows: Base) -> None:
    async with database.sessions() as session, session.begin():
        session.add_all(rows)


async def set_use(database: Database, tenant: Tenant, **values: object) -> None:
    async with database.sessions() as session, session.begin():
        await session.execute(
            sa.update(UsageCounter).where(UsageCounter.owned_by(tenant.organization.id)).values(**values)
        )


class RefusedCalls:
    """Requests calls that are refused, as a widget does."""

    def __init__(self, client: httpx.AsyncClient, callbacks: CallbackClient) -> None:
        self._client, self._callbacks = client, callbacks

    async def call(self, token: Token, to: str = "+12125550147") -> dict[str, Any]:
        """The answer of ``/widget/status`` about a call that was refused."""
        call_id = str(uuid4())
        assert (await self._callbacks.outgoing(token.id, new_sid(), to=to, CallId=call_id)).content == REJECT
        answer = await post_token(self._client, token.raw, path="/widget/status", call_id=call_id)
        call: dict[str, Any] = answer.json()["call"]
        assert call["status"] == "refused"
        return call


async def placed(callbacks: CallbackClient, token: Token, *, seconds: int) -> str:
    """Place a call that is answered and lasts so long; return the widget's id of it."""
    sid, call_id, now = new_sid(), str(uuid4()), utc_now()
    assert (await callbacks.outgoing(token.id, sid, CallId=call_id)).content != REJECT
    await callbacks.event(sid, "completed", now, child=new_sid(), sequence=3, CallDuration=str(seconds))
    return call_id


async def explanation_of(
    client: httpx.AsyncClient, token: Token, call_id: str
) -> tuple[str | None, str | None, str | None]:
    call = (await post_token(client, token.raw, path="/widget/status", call_id=call_id)).json()["call"]
    assert call["status"] == "completed"
    return call["end_reason"], call["message"], call["help"]


@pytest.fixture
def refused(client: httpx.AsyncClient, callbacks: CallbackClient) -> RefusedCalls:
    return RefusedCalls(client, callbacks)


async def test_a_country_that_is_not_switched_on(refused: RefusedCalls, make: Factory, database: Database) -> None:
    token = await make.token(await make.tenant())
    call = await refused.call(token, FRANCE)
    assert (call["end_reason"], call["message"]) == ("country_not_enabled", "This destination is not allowed")
    assert call["help"] == (
        "Calls to France are not switched on for Acme Realty. An admin can add them under Calling rules."
    )
    assert call["details"] == {"country": "FR", "scope": "organization", "who": "admin"}


async def test_the_calls_page_and_the_api_say_what_the_widget_was_told(
    client: httpx.AsyncClient, refused: RefusedCalls, make: Factory, database: Database
) -> None:
    tenant = await make.tenant(limits={**dict.fromkeys(DEFAULT_COUNTS, 1000), "calls_per_day": 0})
    token = await make.token(tenant)
    told = await refused.call(token)
    await sign_in(client, tenant.owner)
    [listed] = (await client.get(f"/api/organizations/{tenant.organization.id}/calls")).json()["items"]
    shown = (await client.get(f"/api/organizations/{tenant.organization.id}/calls/{listed['id']}")).json()
    assert shown["explanation"] == {
        "code": "too_many_calls",
        "message": told["message"],
        "help": told["help"],
        "fixed_by": "support",
        "link": f"/dashboard/{tenant.organization.slug}/settings/calling-rules",
        "details": told["details"],
    }
    page = (await client.get(f"/dashboard/{tenant.organization.slug}/calls/{listed['id']}")).text
    for text in (told["message"], told["help"], "0 calls a day", "Used then", "Our support", "too_many_calls"):
        assert text in page, text
    assert f'href="/dashboard/{tenant.organization.slug}/settings/calling-rules"' in page


async def test_refusals_are_counted_by_reason_and_lead_to_their_calls(
    client: httpx.AsyncClient, refused: RefusedCalls, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    for number in (FRANCE, FRANCE, "911"):
        await refused.call(token, number)
    await add_call(
        database,
        tenant,
        token,
        status=CallStatus.REFUSED,
        duration=0,
        end_reason="number_blocked",
        started_at=utc_now() - dt.timedelta(days=8),
    )
    await sign_in(client, tenant.owner)
    page = (await client.get(f"/dashboard/{tenant.organization.slug}")).text
    links = re.findall(r'<a href="([^"]*end_reason=[^"]*)"[^>]*>(\d+)</a>', page)
    assert [count for _, count in links] == ["2", "1"]
    assert "Open the calls to see which limit, country or number was the reason" in page
    # The general advice may be false for one organization; the call's page has the true one.
    assert REFUSALS["country_not_enabled"].advice not in html.unescape(page)
    listed = (await client.get(html.unescape(links[0][0]))).text
    assert listed.count('class="row-link"') == 2
    assert "Country not enabled" in listed
    of_api = f"/api/organizations/{tenant.organization.id}/calls"
    found = (await client.get(of_api, params={"end_reason": "emergency_number"})).json()["items"]
    assert [call["to"] for call in found] == ["911"]
    assert_refused(await client.get(of_api, params={"end_reason": "nonsense"}), 400, "validation_failed")


async def test_a_record_without_details_has_the_general_advice(
    client: httpx.AsyncClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    call_id = await add_call(
        database, tenant, token, status=CallStatus.REFUSED, duration=0, end_reason="destination_not_allowed"
    )
    await sign_in(client, tenant.owner)
    shown = (await client.get(f"/api/organizations/{tenant.organization.id}/calls/{call_id}")).json()
    assert shown["explanation"]["help"] == REFUSALS["destination_not_allowed"].advice
    assert shown["explanation"]["details"] is None
    page = (await client.get(f"/dashboard/{tenant.organization.slug}/calls/{call_id}")).text
    assert html.escape(REFUSALS["destination_not_allowed"].advice, quote=False).replace("'", "&#39;") in page


async def test_a_call_that_reached_its_time_says_so(
    client: httpx.AsyncClient, callbacks: CallbackClient, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    reached, hung_up = await placed(callbacks, token, seconds=3600), await placed(callbacks, token, seconds=3599)
    assert await explanation_of(client, token, hung_up) == (None, None, None)
    assert await explanation_of(client, token, reached) == (
        "time_limit_reached",
        "The call reached its longest time",
        "The call reached its longest time (60 minutes). Call again to go on.",
    )
    await set_use(database, tenant, day_minutes=593)
    assert (await explanation_of(client, token, await placed(callbacks, token, seconds=420)))[2] == (
        "The call reached its longest time (7 minutes), because the limit is 600 minutes a day. Only "
        "support can raise it; ask an admin to write to support."
    )


async def test_a_country_that_the_token_may_not_call(refused: RefusedCalls, make: Factory, database: Database) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    organization_id = tenant.organization.id
    await store(
        database,
        CallingRules(organization_id=organization_id, countries=["CA", "FR"]),
        TokenLimits(organization_id=organization_id, token_id=token.id, countries=["CA"]),
    )
    call = await refused.call(token, FRANCE)
    assert call["end_reason"] == "country_not_enabled"
    assert call["details"] == {"country": "FR", "scope": "token", "who": "admin"}
    assert "for this token" in call["help"]


async def test_a_new_organization_learns_until_when_it_calls_at_home_only(refused: RefusedCalls, make: Factory) -> None:
    tenant = await make.tenant(age=dt.timedelta(days=2))
    call = await refused.call(await make.token(tenant), CANADA)
    until = tenant.organization.created_at + dt.timedelta(days=14)
    day = until.astimezone(tenant.organization.zone)
    assert call["end_reason"] == "country_not_enabled"
    assert call["details"] == {
        "country": "CA",
        "home": "US",
        "until": until.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "until_day": day.date().isoformat(),
        "listed": True,
        "scope": "organization",
        "who": "support",
    }
    rule = f"Acme Realty is new: until {day:%b} {day.day} it can call numbers in the United States only."
    assert call["help"] == f"{rule} Calls to Canada start then. Only support can end this earlier."


async def test_a_new_organization_learns_who_adds_a_country_that_is_not_listed(
    refused: RefusedCalls, make: Factory, database: Database
) -> None:
    tenant = await make.tenant(age=dt.timedelta(days=2))
    token = await make.token(tenant)
    france = await refused.call(token, FRANCE)
    assert "listed" not in france["details"]
    assert "After that, calls to France work if an admin adds the country under Calling rules" in france["help"]
    await store(database, TokenLimits(organization_id=tenant.organization.id, token_id=token.id, countries=[]))
    canada = await refused.call(token, CANADA)
    assert (canada["details"].get("listed"), canada["details"]["scope"]) == (None, "token")
    assert "calls to Canada work if an admin adds the country on the token's page" in canada["help"]


async def test_a_blocked_number(refused: RefusedCalls, make: Factory, database: Database) -> None:
    tenant = await make.tenant()
    await store(database, BlockedNumber(organization_id=tenant.organization.id, number=BLOCKED))
    call = await refused.call(await make.token(tenant), BLOCKED)
    assert (call["end_reason"], call["message"]) == ("number_blocked", "This destination is not allowed")
    assert call["help"] == "This number is on Acme Realty's block list. An admin can remove it under Calling rules."
    assert BLOCKED not in str({**call, "number": None})


@pytest.mark.parametrize(("limit", "code"), COUNT_LIMITS)
async def test_a_limit_of_calls_is_named_with_its_value_and_use(
    refused: RefusedCalls, callbacks: CallbackClient, make: Factory, limit: str, code: str
) -> None:
    tenant = await make.tenant(limits={**dict.fromkeys(DEFAULT_COUNTS, 1000), limit: 2})
    token = await make.token(tenant)
    for _ in range(2):
        assert (await callbacks.outgoing(token.id, new_sid())).content != REJECT
    call = await refused.call(token)
    assert call["end_reason"] == code
    assert {name: call["details"][name] for name in ("limit", "value", "used")} == {
        "limit": limit,
        "value": 2,
        "used": 2,
    }
    assert re.search(r"\b2 calls ", call["help"])


@pytest.mark.parametrize(
    ("use", "limit", "value", "used"),
    [
        ({"day_minutes": 600}, "minutes_per_day", 600, 600),
        ({"month_minutes": 5000}, "minutes_per_month", 5000, 5000),
        ({"day_micros": 25_000_000}, "spend_cents_per_day", 2500, 2500),
        ({"month_micros": 250_000_000}, "spend_cents_per_month", 25_000, 25_000),
    ],
)
async def test_a_limit_of_minutes_or_money_is_named_with_its_value_and_use(
    refused: RefusedCalls,
    make: Factory,
    database: Database,
    use: dict[str, int],
    limit: str,
    value: int,
    used: int,
) -> None:
    limits = {**dict.fromkeys(DEFAULT_COUNTS, 1000), limit: value, "spend_cents_per_day_per_token": 10**6}
    tenant = await make.tenant(limits=limits)
    token = await make.token(tenant)
    await refused.call(token, FRANCE)  # makes the counters
    await set_use(database, tenant, **use)
    call = await refused.call(token)
    assert (call["end_reason"], call["message"]) == ("call_limit_reached", "Call limit reached")
    assert call["details"] == {
        "limit": limit,
        "value": value,
        "used": used,
        "scope": "organization",
        "who": "support",
    }


async def test_a_limit_that_is_lower_because_the_organization_is_new_says_until_when(
    refused: RefusedCalls, make: Factory, database: Database
) -> None:
    tenant = await make.tenant(age=dt.timedelta(days=2))
    token = await make.token(tenant)
    await refused.call(token, FRANCE)  # makes the counters
    await set_use(database, tenant, day_minutes=150)
    call = await refused.call(token)
    assert call["details"]["limit"] == "minutes_per_day"
    assert call["details"]["value"] == 150
    until = tenant.organization.created_at + dt.timedelta(days=14)
    assert call["details"]["until"] == until.strftime("%Y-%m-%dT%H:%M:%SZ")
    day = until.astimezone(tenant.organization.zone)
    assert call["details"]["until_day"] == day.date().isoformat()
    assert f"Acme Realty is new: until {day:%b} {day.day}" in call["help"]


async def test_a_new_organization_raises_a_limit_that_it_set_itself(
    refused: RefusedCalls, make: Factory, database: Database
) -> None:
    tenant = await make.tenant(age=dt.timedelta(days=2))
    await store(database, CallingRules(organization_id=tenant.organization.id, limits={"minutes_per_day": 120}))
    token = await make.token(tenant)
    await refused.call(token, FRANCE)  # makes the counters
    await set_use(database, tenant, day_minutes=30)
    call = await refused.call(token)
    assert {name: call["details"][name] for name in ("value", "who")} == {"value": 30, "who": "admin"}
    assert "it has a quarter of its limits. An admin can raise it under Calling rules; support can" in call["help"]


async def test_a_tokens_own_limit_is_told_apart_from_the_organizations(
    refused: RefusedCalls, make: Factory, database: Database
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    await store(database, TokenLimits(organization_id=tenant.organization.id, token_id=token.id, minutes_per_day=0))
    call = await refused.call(token)
    assert call["details"] == {
        "limit": "minutes_per_day",
        "value": 0,
        "used": 0,
        "scope": "token",
        "who": "admin",
    }


async def test_a_number_of_our_own_and_a_premium_number_say_what_they_are(refused: RefusedCalls, make: Factory) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    own, premium = await refused.call(token, tenant.number or ""), await refused.call(token, "+19005550100")
    assert own["end_reason"] == premium["end_reason"] == "invalid_phone_number"
    assert own["help"] == "This is one of Acme Realty's own numbers. Call another number."
    assert premium["details"] == {"kind": "pay_per_call"}


async def test_a_pause_is_named(refused: RefusedCalls, make: Factory, database: Database) -> None:
    token = await make.token(await make.tenant())
    async with database.sessions() as session, session.begin():
        await CallingPauseService(session).pause(reason="test", by=SYSTEM)
    try:
        call = await refused.call(token)
    finally:
        async with database.sessions() as session, session.begin():
            await CallingPauseService(session).resume(by=SYSTEM)
    assert (call["end_reason"], call["message"]) == ("service_unavailable", "Service temporarily unavailable")
    assert call["help"] == "Our staff paused the calls of all organizations. Call again later."


async def test_a_refused_page_learns_its_domain(client: httpx.AsyncClient, make: Factory) -> None:
    token = await make.token(await make.tenant(), allowed_domains=["mysite.com"])
    for path in ("/widget/exchange", "/widget/status"):
        refused = (await post_token(client, token.raw, path=path, origins=["https://app.example.com:8443"])).json()
        assert (refused["code"], refused["domain"]) == ("domain_not_allowed", "app.example.com")
        assert refused["help"] == (
            "app.example.com is not on this token's list. An admin can add it under Embed Phone Widget."
        )


@pytest.mark.parametrize("origins", [[], ["null"], ["https://a.com", "https://b.com"], ["https://" + "a" * 400]])
async def test_a_page_without_a_usable_origin_has_no_domain(
    client: httpx.AsyncClient, make: Factory, origins: list[str]
) -> None:
    token = await make.token(await make.tenant(), allowed_domains=["mysite.com"])
    refused = (await post_token(client, token.raw, origins=origins)).json()
    assert refused["domain"] is None
    assert refused["help"].startswith("The request does not contain the page's domain.")
