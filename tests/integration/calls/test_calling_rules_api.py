"""``…/calling-rules``: the countries, blocked numbers and limits of an organization, and the limits of a token."""

import datetime as dt
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from calls.limits.overrides import LimitOverrideService
from kit.actor import SYSTEM
from kit.audit import AuditEvent
from kit.clock import utc_now
from kit.db.database import Database
from kit.settings import Settings
from support.api_helpers import assert_refused, fields_refused
from support.callback_client import REJECT, CallbackClient, new_sid
from support.factories import (
    Factory,
    Tenant,
    Token,
    sign_in,
)
from tenants.models import Role
from tenants.plans import Plan

pytestmark = pytest.mark.anyio


def path(tenant: Tenant) -> str:
    return f"/api/organizations/{tenant.organization.id}/calling-rules"


async def test_the_defaults_are_the_home_country_its_neighbour_and_the_plans_limits(
    owner: httpx.AsyncClient, tenant: Tenant
) -> None:
    rules = (await owner.get(path(tenant))).json()
    assert rules["countries"] == ["CA", "US"]
    assert (rules["blocked_numbers"], rules["tokens"], rules["new_until"]) == ([], [], None)
    assert rules["limits"]["minutes_per_day"] == rules["ceilings"]["minutes_per_day"] == 600
    assert rules["used"]["minutes_per_day"] == rules["used"]["live_calls"] == 0


async def test_what_is_put_holds_for_the_next_call(
    owner: httpx.AsyncClient, tenant: Tenant, token: Token, settings: Settings, database: Database
) -> None:
    callbacks = CallbackClient(owner, settings)
    assert (await callbacks.outgoing(token.id, new_sid(), to="+442079460018")).content == REJECT

    answer = await owner.put(
        path(tenant),
        json={
            "countries": ["gb", "United States"],
            "blocked_numbers": ["(212) 555-0147", "+1 900 234 5678"],
            "limits": {"minutes_per_day": 90, "live_calls": 2},
            "tokens": [{"token_id": str(token.id), "minutes_per_day": 30, "live_calls": 1}],
        },
    )

    assert answer.status_code == 200, answer.text
    rules = answer.json()
    assert rules["countries"] == ["GB", "US"]
    assert rules["blocked_numbers"] == ["+12125550147", "+19002345678"]
    assert (rules["limits"]["minutes_per_day"], rules["limits"]["live_calls"]) == (90, 2)
    assert rules["tokens"] == [{"token_id": str(token.id), "minutes_per_day": 30, "live_calls": 1, "countries": None}]
    assert (await owner.get(path(tenant))).json() == rules
    assert (await callbacks.outgoing(token.id, new_sid(), to="+12125550147")).content == REJECT
    assert (await callbacks.outgoing(token.id, new_sid(), to="+14165550126")).content == REJECT
    dialled = await callbacks.outgoing(token.id, new_sid(), to="+442079460018")
    assert b'timeLimit="1800"' in dialled.content
    assert (await owner.get(path(tenant))).json()["used"]["live_calls"] == 1
    async with database.sessions() as session:
        mine = AuditEvent.organization_id == tenant.organization.id, AuditEvent.action == "calling_rules.changed"
        [event] = await session.scalars(sa.select(AuditEvent).where(*mine))
    assert event.details is not None
    assert event.details["before"]["countries"] == ["CA", "US"]
    assert event.details["after"]["countries"] == ["GB", "US"]


async def test_what_is_left_out_stays_and_nothing_new_is_no_event(
    owner: httpx.AsyncClient, tenant: Tenant, database: Database
) -> None:
    await owner.put(path(tenant), json={"countries": ["US", "FR"], "blocked_numbers": ["+12125550147"]})
    await owner.put(path(tenant), json={"limits": {"calls_per_day": 10}})
    rules = (await owner.put(path(tenant), json={"countries": ["FR"]})).json()
    assert (rules["countries"], rules["blocked_numbers"]) == (["FR", "US"], ["+12125550147"])
    assert rules["limits"]["calls_per_day"] == 10
    async with database.sessions() as session:
        mine = AuditEvent.organization_id == tenant.organization.id, AuditEvent.action == "calling_rules.changed"
        assert await session.scalar(sa.select(sa.func.count(AuditEvent.id)).where(*mine)) == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"countries": ["Atlantis"]}, "countries"),
        ({"countries": ["U\x00"]}, "countries"),
        ({"countries": "US"}, "countries"),
        ({"blocked_numbers": ["911"]}, "blocked_numbers"),
        ({"blocked_numbers": ["call me"]}, "blocked_numbers"),
        ({"blocked_numbers": ["+1212555"]}, "blocked_numbers"),
        ({"blocked_numbers": ["+12125550147"] * 1001}, "blocked_numbers"),
        ({"limits": {"minutes_per_day": 601}}, "limits"),
        ({"limits": {"minutes_per_day": -1}}, "limits"),
        ({"limits": {"first_days": 0}}, "limits"),
        ({"limits": {"live_calls_per_phone": 1}}, "limits"),
        ({"limits": {"active_tokens": 5}}, "limits"),
        ({"limits": {"minutes_per_day": "sixty"}}, "limits"),
        ({"limits": {"minutes_per_day": 10**30}}, "limits"),
        ({"tokens": [{"token_id": "01997f3e-5c1a-7b3e-9d2f-3a5c8e7f1b24"}]}, "tokens"),
        ({"used": {}}, "used"),
        ({"ceilings": {"minutes_per_day": 9999}}, "ceilings"),
        ({"new_until": None}, "new_until"),
        ({"plan": "enterprise"}, "plan"),
    ],
)
async def test_what_cannot_be_is_refused_with_its_field(
    owner: httpx.AsyncClient, tenant: Tenant, body: dict[str, Any], field: str
) -> None:
    before = (await owner.get(path(tenant))).json()
    assert fields_refused(await owner.put(path(tenant), json=body)) == [field]
    assert (await owner.get(path(tenant))).json() == before


@pytest.mark.parametrize(
    ("limits", "name"),
    [
        ({"calls_per_day": 5, "minutes_per_day": "abc"}, "minutes_per_day"),
        ({"live_calls": 1.5}, "live_calls"),
        ({"live_calls": True}, "live_calls"),
        ({"live_calls": None}, "live_calls"),
    ],
)
async def test_a_limit_that_is_no_whole_number_is_named(
    owner: httpx.AsyncClient, tenant: Tenant, limits: dict[str, Any], name: str
) -> None:
    answer = await owner.put(path(tenant), json={"limits": limits})
    assert answer.status_code == 400
    assert answer.json()["errors"] == [{"field": "limits", "message": f"{name} must be a whole number"}]


async def test_a_number_that_is_too_short_is_not_blocked(owner: httpx.AsyncClient, tenant: Tenant) -> None:
    answer = await owner.put(path(tenant), json={"blocked_numbers": ["+1212555"]})
    assert answer.json()["errors"] == [
        {
            "field": "blocked_numbers",
            "message": "Numbers of this country have more or fewer digits; give the whole number with its area code: "
            "+1212555",
        }
    ]


@pytest.mark.parametrize("own", [{"minutes_per_day": -1}, {"minutes_per_day": 1441}, {"live_calls": 1001}])
async def test_a_tokens_own_limits_are_within_reason(
    owner: httpx.AsyncClient, tenant: Tenant, token: Token, own: dict[str, int]
) -> None:
    body = {"tokens": [{"token_id": str(token.id), **own}]}
    assert fields_refused(await owner.put(path(tenant), json=body)) == ["tokens"]


async def test_a_foreign_token_is_not_narrowed(
    owner: httpx.AsyncClient, tenant: Tenant, make: Factory, database: Database
) -> None:
    theirs = await make.token(await make.tenant())
    body = {"tokens": [{"token_id": str(theirs.id), "live_calls": 0}]}
    assert fields_refused(await owner.put(path(tenant), json=body)) == ["tokens"]


async def test_members_read_and_do_not_change(client: httpx.AsyncClient, make: Factory, tenant: Tenant) -> None:
    await sign_in(client, await make.member(tenant.organization, Role.MEMBER))
    assert (await client.get(path(tenant))).status_code == 200
    assert_refused(await client.put(path(tenant), json={"countries": ["KP"]}), 403, "role_too_low")


async def test_a_bigger_plan_lets_an_organization_give_itself_more(client: httpx.AsyncClient, make: Factory) -> None:
    tenant = await make.tenant(plan=Plan.BUSINESS)
    await sign_in(client, tenant.owner)
    rules = (await client.put(path(tenant), json={"limits": {"minutes_per_day": 1200}})).json()
    assert (rules["limits"]["minutes_per_day"], rules["limits"]["minutes_per_month"]) == (1200, 5000)
    assert fields_refused(await client.put(path(tenant), json={"limits": {"minutes_per_day": 1201}})) == ["limits"]


async def test_a_limit_put_as_it_was_read_follows_what_staff_grant_later(
    owner: httpx.AsyncClient, tenant: Tenant, database: Database
) -> None:
    limits = (await owner.get(path(tenant))).json()["limits"]
    changed = (await owner.put(path(tenant), json={"limits": {**limits, "minutes_per_day": 300}})).json()["limits"]
    assert changed == {**limits, "minutes_per_day": 300}
    async with database.sessions() as session, session.begin():
        for name in ("calls_per_day", "minutes_per_day", "spend_cents_per_day"):
            await LimitOverrideService(session).set(
                tenant.organization.id, name, 5000, ends_at=utc_now() + dt.timedelta(days=1), reason="More", by=SYSTEM
            )
    followed = {"calls_per_day": 5000, "spend_cents_per_day": 5000, "spend_cents_per_day_per_token": 5000}
    assert (await owner.get(path(tenant))).json()["limits"] == {**changed, **followed}
