"""Phone numbers over the API: search, purchase, list and release by role."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from uuid import UUID, uuid4

import httpx
import pytest
import sqlalchemy as sa

from calls.models import Call, CallStatus
from carrier.port import Carrier, NumberQuery, OwnedNumber
from conftest import NewClient
from kit.audit import AuditEvent
from kit.db.database import Database
from phone_numbers import rules
from support.factories import Factory, Tenant, sign_in
from tenants.models import NumberPurchase, PhoneNumber, PurchaseState, Role
from tenants.plans import Plan

pytestmark = pytest.mark.anyio
At = Callable[[str], Awaitable[list[OwnedNumber]]]
Rows = Callable[[UUID], Awaitable[list[PhoneNumber]]]
Purchases = Callable[[UUID], Awaitable[list[NumberPurchase]]]


def path_of(tenant: Tenant) -> str:
    return f"/api/organizations/{tenant.organization.id}/phone-numbers"


async def call_from(database: Database, make: Factory, tenant: Tenant, e164: str, status: CallStatus) -> UUID:
    """A call record of the organization from ``e164``."""
    token = await make.token(tenant)
    call = Call(
        organization_id=tenant.organization.id,
        carrier_sid=f"CA{uuid4().hex}",
        token_id=token.id,
        identity="w_test",
        from_number=e164,
        to_number="+12125550147",
        status=status,
        started_at=datetime.now(UTC),
    )
    async with database.sessions() as session, session.begin():
        session.add(call)
    return call.id


async def test_a_number_is_searched_bought_listed_used_and_released(
    client: httpx.AsyncClient, make: Factory, at_carrier: At, held: Rows, purchases: Purchases, database: Database
) -> None:
    tenant = await make.tenant(number=False)
    await sign_in(client, tenant.owner)
    path = path_of(tenant)

    found = (await client.get(f"{path}/available", params={"country": "US", "area_code": "907"})).json()
    assert found["next_cursor"] is None
    number = found["items"][0]["number"]
    assert number.startswith("+1907")
    assert set(found["items"][0]) == {
        "number",
        "country",
        "type",
        "locality",
        "region",
        "available_now",
        "address_requirement",
        "monthly_price",
        "price_currency",
    }

    bought = await client.post(path, json={"number": number})
    assert bought.status_code == 201, bought.text
    body = bought.json()
    assert body == {**body, "number": number, "country": "US", "status": "active"}
    assert (await client.get(path)).json() == {"items": [body], "next_cursor": None}
    assert (await client.get(f"{path}/{body['id']}")).json() == body
    [there] = await at_carrier(number)
    [purchase] = await purchases(tenant.organization.id)
    name = rules.parse_friendly_name(there.friendly_name)
    assert name is not None
    assert name.purchase_id == purchase.id
    assert [row.carrier_sid for row in await held(tenant.organization.id)] == [purchase.carrier_sid]

    token = await make.token(tenant)
    exchange = await client.post("/widget/exchange", json={"token": token.raw})
    assert exchange.json()["caller_id"] == number
    call_id = await call_from(database, make, tenant, number, CallStatus.COMPLETED)

    assert (await client.delete(f"{path}/{body['id']}")).status_code == 204
    assert await at_carrier(number) == []
    assert (await client.get(path)).json()["items"] == []
    assert (await client.get(f"{path}/{body['id']}")).status_code == 404
    assert (await client.delete(f"{path}/{body['id']}")).status_code == 404
    async with database.sessions() as session:
        call = await session.get(Call, call_id)
        query = sa.select(AuditEvent.action, AuditEvent.actor_name, AuditEvent.subject_name).where(
            AuditEvent.organization_id == tenant.organization.id, AuditEvent.action.startswith("phone_number")
        )
        trail = [tuple(row) for row in await session.execute(query.order_by(AuditEvent.id))]
    assert call is not None
    assert call.from_number == number
    actions = ("requested", "bought", "releasing", "released")
    assert trail == [(f"phone_number.{action}", tenant.owner.email, number) for action in actions]


@pytest.mark.parametrize(
    ("country", "area_code", "contains", "prefix"),
    [
        ("US", "(907)", "", "+1907"),
        ("us", "", "4155550", "+14155550"),
        ("GB", "020", "", "+4420"),
        ("DE", "", "30 23", "+493023"),
    ],
)
async def test_a_search_narrows_by_country_area_code_and_digits(
    client: httpx.AsyncClient, make: Factory, country: str, area_code: str, contains: str, prefix: str
) -> None:
    tenant = await make.tenant(number=False)
    await sign_in(client, tenant.owner)
    query = {"country": country, "area_code": area_code, "contains": contains}
    answer = await client.get(f"{path_of(tenant)}/available", params=query)
    numbers = [item["number"] for item in answer.json()["items"]]
    assert 0 < len(numbers) <= 20
    assert all(number.startswith(prefix) for number in numbers)


async def test_a_search_begins_in_the_organizations_country(client: httpx.AsyncClient, make: Factory) -> None:
    tenant = await make.tenant(number=False, country="GB")
    await sign_in(client, tenant.owner)
    answer = await client.get(f"{path_of(tenant)}/available")
    assert {item["country"] for item in answer.json()["items"]} == {"GB"}


async def test_a_country_or_an_area_without_numbers_is_empty(client: httpx.AsyncClient, make: Factory) -> None:
    tenant = await make.tenant(number=False)
    await sign_in(client, tenant.owner)
    for query in ({"country": "BR"}, {"country": "US", "area_code": "999"}):
        answer = await client.get(f"{path_of(tenant)}/available", params=query)
        assert answer.json() == {"items": [], "next_cursor": None}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"country": "XX"}, "country"),
        ({"country": "+1"}, "country"),
        ({"country": "U\x00"}, "country"),
        ({"area_code": "41a"}, "area_code"),
        ({"area_code": "٤١٥"}, "area_code"),
        ({"contains": "7"}, "contains"),
        ({"contains": "*" * 3}, "contains"),
        ({"contains": "1" * 300}, "contains"),
        ({"country": "GB", "area_code": "020", "contains": "79"}, "contains"),
        ({"type": "premium"}, "type"),
        ({"locality": "x" * 65}, "locality"),
    ],
)
async def test_an_invalid_search_reports_its_fields(
    client: httpx.AsyncClient, make: Factory, query: dict[str, str], field: str
) -> None:
    tenant = await make.tenant(number=False)
    await sign_in(client, tenant.owner)
    answer = await client.get(f"{path_of(tenant)}/available", params=query)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "number"),
        ({"number": ""}, "number"),
        ({"number": 14155550123}, "number"),
        ({"number": "(415) 555-0123"}, "number"),
        ({"number": "+99912345678"}, "number"),
        ({"number": "+8005550123"}, "number"),
        ({"number": "+14155550123", "country": "XX"}, "country"),
        ({"number": "+14155550123", "type": "premium"}, "type"),
        ({"number": "+19005550199"}, "number"),
        ({"number": "+1415555\x000123"}, "number"),
        ({"number": "+٩١٢٣٤٥٦٧٨٩٠"}, "number"),
        ({"number": "+1" + "5" * 500}, "number"),
        ({"number": "+14155550123", "organization_id": str(uuid4())}, "organization_id"),
        ({"number": "+14155550123", "carrier_sid": "PN1"}, "carrier_sid"),
    ],
)
async def test_an_invalid_purchase_reports_its_field_and_stores_nothing(
    client: httpx.AsyncClient, make: Factory, purchases: Purchases, body: dict[str, object], field: str
) -> None:
    tenant = await make.tenant(number=False)
    await sign_in(client, tenant.owner)
    answer = await client.post(path_of(tenant), json=body)
    assert answer.status_code == 400
    assert answer.json()["code"] == "validation_failed"
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert await purchases(tenant.organization.id) == []


@pytest.mark.parametrize("number", ["+12125550102", "+14155559999", "+442079461000"])
async def test_a_number_that_is_not_for_sale_is_refused(
    client: httpx.AsyncClient, make: Factory, purchases: Purchases, number: str
) -> None:
    tenant = await make.tenant(number=False)
    await sign_in(client, tenant.owner)
    answer = await client.post(path_of(tenant), json={"number": number})
    assert (answer.status_code, answer.json()["code"]) == (409, "number_not_available")
    assert await purchases(tenant.organization.id) == []


async def test_members_see_and_admins_change(new_client: NewClient, make: Factory, number: str, held: Rows) -> None:
    tenant = await make.tenant(number=False)
    member = await sign_in(new_client(), await make.member(tenant.organization, Role.MEMBER))
    admin = await sign_in(new_client(), await make.member(tenant.organization, Role.ADMIN))
    path = path_of(tenant)

    assert (await member.get(f"{path}/available")).status_code == 200
    refused = await member.post(path, json={"number": number})
    assert (refused.status_code, refused.json()["code"]) == (403, "role_too_low")
    number_id = (await admin.post(path, json={"number": number})).json()["id"]
    assert (await member.get(f"{path}/{number_id}")).json()["number"] == number
    assert (await member.delete(f"{path}/{number_id}")).status_code == 403
    assert [row.e164 for row in await held(tenant.organization.id)] == [number]
    assert (await admin.delete(f"{path}/{number_id}")).status_code == 204


async def test_another_organizations_number_is_not_found(
    new_client: NewClient, make: Factory, database: Database
) -> None:
    mine, theirs = await make.tenant(number=False), await make.tenant()
    client = await sign_in(new_client(), mine.owner)
    async with database.sessions() as session:
        victim = await session.scalar(sa.select(PhoneNumber).where(PhoneNumber.owned_by(theirs.organization.id)))
    assert victim is not None
    random = (await client.get(f"{path_of(mine)}/{uuid4()}")).text
    for path in (f"{path_of(mine)}/{victim.id}", f"{path_of(theirs)}/{victim.id}", path_of(theirs)):
        answer = await client.get(path)
        assert (answer.status_code, answer.text) == (404, random)
    for path in (f"{path_of(mine)}/{victim.id}", f"{path_of(theirs)}/{victim.id}"):
        answer = await client.delete(path)
        assert (answer.status_code, answer.text) == (404, random)
    assert (await client.post(path_of(theirs), json={"number": "+14155550150"})).text == random
    async with database.sessions() as session:
        kept = await session.get(PhoneNumber, victim.id)
    assert kept is not None
    assert kept.releasing_at is None
    assert kept.released_at is None


async def test_the_plan_starter_may_only_list_and_release(
    client: httpx.AsyncClient, make: Factory, number: str, held: Rows
) -> None:
    tenant = await make.tenant(plan=Plan.STARTER)
    await sign_in(client, tenant.owner)
    path = path_of(tenant)
    for answer in (await client.get(f"{path}/available"), await client.post(path, json={"number": number})):
        assert answer.status_code == 403
        assert answer.json()["detail"] == "Organization plan does not support widgets"
    [row] = (await client.get(path)).json()["items"]
    assert (await client.delete(f"{path}/{row['id']}")).status_code == 204
    assert await held(tenant.organization.id) == []


async def test_limits_are_the_plans_and_an_organization_may_have_its_own(
    client: httpx.AsyncClient,
    make: Factory,
    set_limits: Callable[[UUID, dict[str, int]], Awaitable[None]],
    carrier: Carrier,
) -> None:
    tenant = await make.tenant(number=False)
    await sign_in(client, tenant.owner)
    path, organization_id = path_of(tenant), tenant.organization.id
    offered = [one.e164 for one in await carrier.search_numbers(NumberQuery(country="US", area_code="505"), limit=6)]

    async def answers(number: str) -> tuple[int, str]:
        answer = await client.post(path, json={"number": number})
        return answer.status_code, answer.json().get("code", "")

    assert [await answers(number) for number in offered[:3]] == [(201, "")] * 3
    assert await answers(offered[3]) == (409, "too_many_purchases")
    await set_limits(organization_id, {"purchases_per_day": 1000})
    assert [await answers(number) for number in offered[3:5]] == [(201, "")] * 2
    assert await answers(offered[5]) == (409, "too_many_numbers")
    await set_limits(organization_id, {"purchases_per_day": 1000, "phone_numbers": 1000})
    assert await answers(offered[5]) == (201, "")


async def test_too_many_searches_are_slowed(
    client: httpx.AsyncClient, make: Factory, set_limits: Callable[[UUID, dict[str, int]], Awaitable[None]]
) -> None:
    tenant = await make.tenant(number=False)
    await set_limits(tenant.organization.id, {"number_searches_per_minute": 0})
    await sign_in(client, tenant.owner)
    answer = await client.get(f"{path_of(tenant)}/available")
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


async def test_twenty_clicks_at_once_buy_one_number(
    new_client: NewClient, make: Factory, number: str, at_carrier: At, held: Rows, purchases: Purchases
) -> None:
    tenant = await make.tenant(number=False)
    client = await sign_in(new_client(), tenant.owner)
    answers = await asyncio.gather(*(client.post(path_of(tenant), json={"number": number}) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert len(await at_carrier(number)) == 1
    assert len(await held(tenant.organization.id)) == 1
    assert [purchase.state for purchase in await purchases(tenant.organization.id)] == [PurchaseState.COMPLETED]

    again = await client.post(path_of(tenant), json={"number": number})
    assert (again.status_code, again.text) == (201, answers[0].text)


async def test_two_organizations_race_for_one_number(
    new_client: NewClient, make: Factory, number: str, at_carrier: At, held: Rows
) -> None:
    tenants = [await make.tenant(number=False), await make.tenant(number=False)]
    clients = [await sign_in(new_client(), tenant.owner) for tenant in tenants]
    answers = await asyncio.gather(
        *(
            client.post(path_of(tenant), json={"number": number})
            for client, tenant in zip(clients, tenants, strict=True)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    [loser] = [answer for answer in answers if answer.status_code == 409]
    assert loser.json()["code"] == "number_not_available"
    assert len(await at_carrier(number)) == 1
    assert sorted([len(await held(tenant.organization.id)) for tenant in tenants]) == [0, 1]


@pytest.mark.parametrize("status", [CallStatus.INITIATED, CallStatus.RINGING, CallStatus.IN_PROGRESS])
async def test_a_number_in_a_live_call_cannot_be_released(
    client: httpx.AsyncClient,
    make: Factory,
    database: Database,
    held: Rows,
    status: CallStatus,
) -> None:
    tenant = await make.tenant()
    assert tenant.number is not None
    await sign_in(client, tenant.owner)
    [row] = await held(tenant.organization.id)
    call_id = await call_from(database, make, tenant, tenant.number, status)

    refused = await client.delete(f"{path_of(tenant)}/{row.id}")
    assert (refused.status_code, refused.json()["detail"]) == (409, "Number is in use")
    assert [number.releasing_at for number in await held(tenant.organization.id)] == [None]

    async with database.sessions() as session, session.begin():
        await session.execute(sa.update(Call).where(Call.id == call_id).values(status=CallStatus.COMPLETED))
    assert (await client.delete(f"{path_of(tenant)}/{row.id}")).status_code == 204
