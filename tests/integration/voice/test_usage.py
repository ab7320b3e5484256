"""What an organization used: counted by month, token and agent, from its own calls alone."""

import datetime as dt

import httpx
import pytest
import sqlalchemy as sa

from calls import add_call
from conftest import NewClient
from factories import Factory, sign_in
from kit.db import Database
from tenants.models import Role
from voice.models import CallStatus
from voice.tallies import Tally, began_since
from voice.usage import AgentUse, TokenUse, usage_of

pytestmark = pytest.mark.anyio

TODAY = dt.date(2026, 3, 15)
THIS = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
LAST = dt.datetime(2026, 2, 28, 23, 59, 59, tzinfo=dt.UTC)
BEFORE = dt.datetime(2026, 1, 31, 23, 59, 59, tzinfo=dt.UTC)


async def test_calls_are_counted_in_their_month_with_their_token_and_agent(
    walled: Database, database: Database, make: Factory
) -> None:
    tenant, other = await make.tenant(), await make.tenant()
    first, second = await make.token(tenant), await make.token(tenant)
    await add_call(database, other, await make.token(other), started_at=THIS)
    await add_call(database, tenant, first, started_at=THIS, duration=61, agent="Ann")
    await add_call(database, tenant, first, started_at=THIS, duration=0, status=CallStatus.BUSY, agent="Ann")
    await add_call(database, tenant, second, started_at=THIS, duration=30)
    await add_call(database, tenant, second, started_at=THIS, duration=0, status=CallStatus.REFUSED)
    await add_call(database, tenant, second, started_at=LAST, duration=5, agent="Bob")
    await add_call(database, tenant, second, started_at=BEFORE, duration=5)
    await make.revoke(tenant, first)

    async with walled.tenant(tenant.organization.id) as session:
        this, last = await usage_of(session, tenant.organization.id, today=TODAY)

    async with database.sessions() as session:
        prefixes = {row.id: row.prefix for row in await session.execute(sa.text("SELECT id, prefix FROM embed_token"))}
    assert (this.first_day, last.first_day) == (dt.date(2026, 3, 1), dt.date(2026, 2, 1))
    assert (this.total, this.total.minutes) == (Tally(3, 2, 91), 2)
    assert this.by_token == [
        TokenUse(first.id, "Main Website", prefixes[first.id], Tally(2, 1, 61)),
        TokenUse(second.id, "Main Website", prefixes[second.id], Tally(1, 1, 30)),
    ]
    assert this.by_agent == [AgentUse("Ann", False, Tally(2, 1, 61)), AgentUse(None, False, Tally(1, 1, 30))]
    assert (last.total, last.by_agent) == (Tally(1, 1, 5), [AgentUse("Bob", False, Tally(1, 1, 5))])


async def test_an_organization_without_calls_has_used_nothing(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory
) -> None:
    tenant = await make.tenant()
    path = f"/api/organizations/{tenant.organization.id}/usage"
    await sign_in(client, await make.member(tenant.organization, Role.MEMBER))

    answer = await client.get(path)

    nothing = {"calls": 0, "answered": 0, "seconds": 0, "minutes": 0, "by_token": [], "by_agent": []}
    assert answer.status_code == 200
    assert {name: {**month, "month": None} for name, month in answer.json().items()} == {
        "this_month": {**nothing, "month": None},
        "last_month": {**nothing, "month": None},
    }
    assert (await (await sign_in(new_client(), await make.user())).get(path)).status_code == 404
    assert (await new_client().get(path)).status_code == 401


async def test_counting_reads_the_index_and_not_the_table(database: Database, make: Factory) -> None:
    """With sequential scans made dear, the plan shows which index serves the condition."""
    tenant = await make.tenant()
    query = sa.select(sa.literal(1)).where(*began_since(tenant.organization.id, TODAY))
    async with database.sessions() as session, session.begin():
        await session.execute(sa.text("SET LOCAL enable_seqscan = off"))
        statement = str(query.compile(session.bind, compile_kwargs={"literal_binds": True}))
        plan = "\n".join((await session.scalars(sa.text(f"EXPLAIN {statement}".replace(":", r"\:")))).all())

    condition = next(line for line in plan.splitlines() if "Index Cond" in line)
    assert "ix_call_organization_id_id" in plan
    assert "(organization_id = " in condition
    assert "(id >= " in condition
