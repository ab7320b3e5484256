"""The agent of an outgoing call: a signed-in member, or a claim of the page, and the two are never confused."""

import csv
import io
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
import sqlalchemy as sa

from accounts.models import User
from calls.models import Call
from conftest import PUBLIC_URL, NewClient
from kit.db.database import Database
from kit.settings import Settings
from support.callback_client import CallbackClient, new_sid
from support.factories import (
    Factory,
    Tenant,
    Token,
    sign_in,
)
from support.widget_client import post_token
from tenants.models import Membership, Role
from widget.tickets import issue_page_ticket

pytestmark = pytest.mark.anyio


async def identity_with(client: httpx.AsyncClient, token: Token, ticket: str) -> tuple[str, str]:
    """The identity that an exchange on a page of ours gives, and its next ticket."""
    answer = await post_token(client, token.raw, origins=[PUBLIC_URL], ticket=ticket)
    assert answer.status_code == 200, answer.text
    return answer.json()["identity"], answer.json()["ticket"]


async def placed(
    callbacks: CallbackClient, database: Database, token_id: UUID, *, identity: str | None = None, metadata: Any = None
) -> tuple[str | None, bool]:
    """The agent that a call is recorded with, and whether it is known to be that member."""
    sid = new_sid()
    more = {} if identity is None else {"From": f"client:{identity}"}
    if metadata is not None:
        more["Metadata"] = metadata if isinstance(metadata, str) else msgspec.json.encode(metadata).decode()
    assert (await callbacks.outgoing(token_id, sid, **more)).status_code == 200
    async with database.sessions() as session:
        call = (await session.scalars(sa.select(Call).where(Call.carrier_sid == sid))).one()
    return call.agent, call.agent_is_member


@pytest.fixture
async def token(make: Factory, tenant: Tenant) -> Token:
    # The token is allowed on another domain only: our own page is admitted by its ticket.
    return await make.token(tenant, allowed_domains=["customer.example"])


async def test_a_signed_in_members_calls_are_known_to_be_theirs(
    callbacks: CallbackClient,
    client: httpx.AsyncClient,
    database: Database,
    make: Factory,
    settings: Settings,
    tenant: Tenant,
    token: Token,
) -> None:
    ann = await make.member(tenant.organization, Role.ADMIN)
    ticket = issue_page_ticket(settings, token.id, member_id=ann.id)
    identity, renewed = await identity_with(client, token, ticket)
    assert await placed(callbacks, database, token.id, identity=identity) == (ann.email, True)
    later, _ = await identity_with(client, token, renewed)
    claimed = {"agent": tenant.owner.email}
    assert await placed(callbacks, database, token.id, identity=later, metadata=claimed) == (ann.email, True)


async def test_a_page_of_ours_that_vouches_for_nobody_names_nobody(
    callbacks: CallbackClient, client: httpx.AsyncClient, database: Database, settings: Settings, token: Token
) -> None:
    identity, _ = await identity_with(client, token, issue_page_ticket(settings, token.id))
    assert await placed(callbacks, database, token.id, identity=identity) == (None, False)


@pytest.mark.parametrize("why", ["removed", "disabled", "stranger"])
async def test_who_is_no_member_is_not_vouched_for(
    callbacks: CallbackClient,
    client: httpx.AsyncClient,
    database: Database,
    make: Factory,
    settings: Settings,
    tenant: Tenant,
    token: Token,
    why: str,
) -> None:
    person = await (make.user() if why == "stranger" else make.member(tenant.organization, Role.MEMBER))
    identity, _ = await identity_with(client, token, issue_page_ticket(settings, token.id, member_id=person.id))
    async with database.sessions() as session, session.begin():
        if why == "removed":
            await session.execute(sa.delete(Membership).where(Membership.user_id == person.id))
        elif why == "disabled":
            await session.execute(sa.update(User).where(User.id == person.id).values(disabled_at=sa.func.now()))
    assert await placed(callbacks, database, token.id, identity=identity, metadata={"agent": "Ann"}) == ("Ann", False)


async def test_what_a_page_says_is_a_claim_even_when_it_names_a_member(
    callbacks: CallbackClient, database: Database, tenant: Tenant, token: Token
) -> None:
    claim = {"agent": f" \t{tenant.owner.email}\n", "agent_is_member": True}
    assert await placed(callbacks, database, token.id, metadata=claim) == (tenant.owner.email, False)


@pytest.mark.parametrize(
    "metadata",
    [
        {"agent": "x" * 201},
        {"agent": "   "},
        {"agent": 7},
        {"agent": ["Ann"]},
        {"agent": None},
        {"contact": "c-1"},
        ["agent", "Ann"],
        '{"agent": "\\u0000"}',
    ],
)
async def test_a_claim_that_is_no_name_is_left_out_and_the_call_goes_on(
    callbacks: CallbackClient, database: Database, token: Token, metadata: Any
) -> None:
    assert await placed(callbacks, database, token.id, metadata=metadata) == (None, False)


async def test_the_api_and_the_exports_tell_known_and_claimed_apart(
    callbacks: CallbackClient,
    new_client: NewClient,
    client: httpx.AsyncClient,
    database: Database,
    settings: Settings,
    tenant: Tenant,
    token: Token,
) -> None:
    email, organization = tenant.owner.email, f"/api/organizations/{tenant.organization.id}"
    identity, _ = await identity_with(client, token, issue_page_ticket(settings, token.id, member_id=tenant.owner.id))
    await placed(callbacks, database, token.id, identity=identity)
    await placed(callbacks, database, token.id, metadata={"agent": email})
    await placed(callbacks, database, token.id)
    owner = await sign_in(new_client(), tenant.owner)

    calls = (await owner.get(f"{organization}/calls")).json()["items"]
    usage = (await owner.get(f"{organization}/usage")).json()["this_month"]["by_agent"]
    rows = list(csv.DictReader(io.StringIO((await owner.get(f"{organization}/calls/export.csv")).text)))

    expected = [(None, None), (email, "page"), (email, "member")]
    assert [call["agent"] for call in calls] == [agent for agent, _ in expected]
    assert [(row["agent"] or None, row["agent_source"] or None) for row in rows] == expected
    counted = {(use["agent"], use["source"]): use["calls"] for use in usage}
    assert counted == dict.fromkeys(expected, 1)
    shown = (await owner.get(f"{organization}/calls/{calls[2]['id']}")).json()
    assert shown["agent"] == email
