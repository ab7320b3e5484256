"""``/widget/recent``: verified people see their own recent calls on our own pages, where the token shows them."""

import datetime as dt
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from calls.models import Call, CallStatus
from conftest import PUBLIC_URL
from kit.clock import utc_now
from kit.db.database import Database
from kit.ids import first_uuid7
from kit.settings import Settings
from support.api_helpers import fields_refused
from support.call_factory import add_call
from support.factories import Factory, Tenant, Token, sign_in
from support.widget_client import post_token
from tenants.models import Membership, Role
from widget.models import EmbedToken
from widget.tickets import issue_page_ticket

pytestmark = pytest.mark.anyio
DOMAINS = ["customer.example"]


@pytest.fixture
async def token(make: Factory, tenant: Tenant, database: Database) -> Token:
    """A token that shows recent calls."""
    made = await make.token(tenant, allowed_domains=DOMAINS)
    async with database.sessions() as session, session.begin():
        await session.execute(sa.update(EmbedToken).where(EmbedToken.id == made.id).values(recent_calls=True))
    return made


async def recent(client: httpx.AsyncClient, token: Token, ticket: str, *, origin: str = PUBLIC_URL) -> list[Any]:
    answer = await post_token(client, token.raw, path="/widget/recent", origins=[origin], ticket=ticket)
    assert answer.status_code == 200, answer.text
    calls: list[Any] = answer.json()["calls"]
    return calls


async def test_a_verified_person_sees_their_own_calls_with_the_token_alone(
    client: httpx.AsyncClient, make: Factory, database: Database, settings: Settings, tenant: Tenant, token: Token
) -> None:
    ann, bob = [await make.member(tenant.organization, Role.MEMBER) for _ in range(2)]
    other_token = await make.token(tenant, allowed_domains=DOMAINS)
    by_ann: dict[str, Any] = {"agent": ann.email, "agent_is_member": True}
    person: dict[str, Any] = {"name": "Grace", "company": "Acme", "url": "https://crm.example/1", "extension": "204"}
    first = await add_call(database, tenant, token, duration=34, **by_ann, **person)
    await add_call(database, tenant, token, agent=ann.email)
    await add_call(database, tenant, token, agent=bob.email, agent_is_member=True)
    await add_call(database, tenant, other_token, **by_ann)
    await add_call(database, tenant, token, to_number="", erased_at=utc_now(), **by_ann)
    long_ago = utc_now() - dt.timedelta(days=31)
    await add_call(database, tenant, token, id=first_uuid7(long_ago), started_at=long_ago, **by_ann)
    await add_call(database, tenant, token, to_number="+12125550102", status=CallStatus.BUSY, duration=0, **by_ann)

    ticket = issue_page_ticket(settings, token.id, member_id=ann.id)
    busy, answered = await recent(client, token, ticket)
    assert (busy["number"], busy["status"], busy["name"]) == ("+12125550102", "busy", None)
    started = answered.pop("startedAt")
    assert answered == {
        "callId": str(first),
        "number": "+12125550101",
        "status": "completed",
        "duration": 34,
        **person,
    }
    async with database.sessions() as session:
        assert dt.datetime.fromisoformat(started) <= (await session.get_one(Call, first)).started_at


async def test_nobody_else_sees_recent_calls(
    client: httpx.AsyncClient, make: Factory, database: Database, settings: Settings, tenant: Tenant, token: Token
) -> None:
    ann = await make.member(tenant.organization, Role.MEMBER)
    stranger = await make.user()
    await add_call(database, tenant, token, agent=ann.email, agent_is_member=True)
    ticket = issue_page_ticket(settings, token.id, member_id=ann.id)
    assert len(await recent(client, token, ticket)) == 1

    # A customer's page, which is admitted by its domain, although it sends the person's ticket.
    assert await recent(client, token, ticket, origin="https://customer.example") == []
    for vouched_for_nobody in (
        issue_page_ticket(settings, token.id),
        issue_page_ticket(settings, token.id, member_id=stranger.id),
        issue_page_ticket(settings, token.id, origin=b"https://customer.example"),
    ):
        assert await recent(client, token, vouched_for_nobody) == []
    async with database.sessions() as session, session.begin():
        await session.execute(sa.delete(Membership).where(Membership.user_id == ann.id))
    assert await recent(client, token, ticket) == []


async def test_a_token_that_does_not_show_recent_calls_answers_with_none(
    client: httpx.AsyncClient, make: Factory, database: Database, settings: Settings, tenant: Tenant
) -> None:
    token = await make.token(tenant, allowed_domains=DOMAINS)
    await add_call(database, tenant, token, agent=tenant.owner.email, agent_is_member=True)
    ticket = issue_page_ticket(settings, token.id, member_id=tenant.owner.id)
    assert await recent(client, token, ticket) == []


async def test_recent_calls_need_allowed_domains_and_the_exchange_returns_the_setting(
    client: httpx.AsyncClient, make: Factory, tenant: Tenant
) -> None:
    await sign_in(client, tenant.owner)
    path = f"/api/organizations/{tenant.organization.id}/embed-tokens"

    async def has_recent_calls(raw: str) -> bool:
        answer = await post_token(client, raw, origins=["https://customer.example"])
        assert answer.status_code == 200, answer.text
        found: bool = answer.json()["settings"]["recent"]
        return found

    assert fields_refused(await client.post(path, json={"recent_calls": True})) == ["recent_calls"]
    made = (await client.post(path, json={"allowed_domains": DOMAINS, "recent_calls": True})).json()
    assert (made["recent_calls"], (await client.post(path, json={})).json()["recent_calls"]) == (True, False)
    one, raw = f"{path}/{made['id']}", made["token"]
    assert ((await client.get(one)).json()["recent_calls"], await has_recent_calls(raw)) == (True, True)
    assert (await client.patch(one, json={"label": "x"})).json()["recent_calls"]
    assert not (await client.patch(one, json={"recent_calls": False})).json()["recent_calls"]
    assert not await has_recent_calls(raw)
    assert (await client.patch(one, json={"recent_calls": True})).json()["recent_calls"]
    # Without domains it is off, and stays off when there are some again.
    assert not (await client.patch(one, json={"allowed_domains": []})).json()["recent_calls"]
    assert not await has_recent_calls(raw)
    assert fields_refused(await client.patch(one, json={"recent_calls": True})) == ["recent_calls"]
    assert not (await client.patch(one, json={"allowed_domains": DOMAINS})).json()["recent_calls"]
    assert not (await client.get(one)).json()["recent_calls"]
