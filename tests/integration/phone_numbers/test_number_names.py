"""Names of phone numbers, and the default one, over the API and on the page."""

from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa

from conftest import NewClient
from kit.audit import AuditEvent
from kit.clock import utc_now
from kit.db.database import Database
from support.factories import Factory, Tenant, sign_in
from support.page_session import errors_of, post_form
from tenants.models import PhoneNumber, Role

pytestmark = pytest.mark.anyio


@pytest.fixture
async def tenant(make: Factory) -> Tenant:
    """An organization with one number."""
    return await make.tenant()


async def add_number(database: Database, tenant: Tenant, e164: str) -> str:
    """Give the organization another number; return its id."""
    row = PhoneNumber(organization_id=tenant.organization.id, e164=e164, carrier_sid=f"PN{uuid4().hex}")
    async with database.sessions() as session, session.begin():
        session.add(row)
    return str(row.id)


async def listed(client: httpx.AsyncClient, path: str) -> dict[str, tuple[str, bool]]:
    """Name and default of each number."""
    items = (await client.get(path)).json()["items"]
    return {item["number"]: (item["name"], item["default"]) for item in items}


async def test_numbers_are_named_and_one_is_the_default(
    client: httpx.AsyncClient, make: Factory, database: Database, tenant: Tenant, number: str
) -> None:
    await sign_in(client, tenant.owner)
    path = f"/api/organizations/{tenant.organization.id}/phone-numbers"
    second = await add_number(database, tenant, number)
    assert await listed(client, path) == {tenant.number: ("", True), number: ("", False)}
    first = next(item["id"] for item in (await client.get(path)).json()["items"] if item["id"] != second)

    answer = await client.patch(f"{path}/{second}", json={"name": "  Front\tdesk ".replace("\t", " "), "default": True})
    assert (answer.status_code, answer.json()["name"], answer.json()["default"]) == (200, "Front desk", True)
    assert await listed(client, path) == {tenant.number: ("", False), number: ("Front desk", True)}
    token = await make.token(tenant)
    exchange = await client.post("/widget/exchange", json={"token": token.raw}, headers={"Origin": "https://a.example"})
    assert exchange.json()["caller_id"] == number

    for wrong, field in (({"default": False}, "default"), ({"name": "x" * 65}, "name"), ({"name": "a\0b"}, "name")):
        refused = await client.patch(f"{path}/{second}", json=wrong)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, field)
    assert (await client.patch(f"{path}/{first}", json={"default": False})).json()["default"] is False
    assert (await client.patch(f"{path}/{uuid4()}", json={"name": "x"})).status_code == 404

    # The default is being released: the oldest of the others takes its place, and it cannot be the default again.
    async with database.sessions() as session, session.begin():
        await session.execute(sa.update(PhoneNumber).where(PhoneNumber.id == second).values(releasing_at=utc_now()))
    assert await listed(client, path) == {tenant.number: ("", True), number: ("Front desk", False)}
    assert (await client.patch(f"{path}/{second}", json={"default": True})).status_code == 400

    written = sa.select(AuditEvent.action).where(
        AuditEvent.organization_id == tenant.organization.id, AuditEvent.action.like("phone_number.%")
    )
    async with database.sessions() as session:
        actions = set(await session.scalars(written))
    assert {"phone_number.renamed", "phone_number.made_default"} <= actions


async def test_the_page_renames_a_number_and_makes_it_the_default(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory, database: Database, tenant: Tenant, number: str
) -> None:
    await sign_in(client, tenant.owner)
    second = await add_number(database, tenant, number)
    page = f"/dashboard/{tenant.organization.slug}/settings/phone-numbers"
    numbers = f"/dashboard/{tenant.organization.slug}/settings/numbers/{second}"
    named = await post_form(client, page, f"{numbers}/name", {"name": "<b>Front</b>"})
    assert (named.status_code, named.headers["location"]) == (303, page)
    text = (await client.get(page)).text
    assert "is named &lt;b&gt;Front&lt;/b&gt;" in text
    assert text.count('aria-label="Make +1') == 1
    assert (await post_form(client, page, f"{numbers}/default", {})).status_code == 303
    assert "is the default now" in (await client.get(page)).text

    refused = await post_form(client, page, f"{numbers}/name", {"name": "x" * 65})
    assert (refused.status_code, errors_of(refused.text)) == (400, {"name": "At most 64 characters"})

    member = new_client()
    await sign_in(member, await make.member(tenant.organization, Role.MEMBER))
    text = (await member.get(page)).text
    assert "&lt;b&gt;Front&lt;/b&gt;" in text
    assert "Make default" not in text
