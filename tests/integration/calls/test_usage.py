"""Usage by month, token and agent counts the organization's own calls only."""

import datetime as dt
import itertools
from typing import Any
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa

from calls.aggregates import CallTotals, outgoing_since
from calls.models import Call, CallStatus
from calls.usage import AgentUsage, TokenUsage, UsageService
from conftest import NewClient
from kit.db.database import Database, owner_engine
from kit.ids import first_uuid7
from kit.settings import Settings
from kit.time_zones import start_of_day
from support.call_factory import add_call
from support.factories import (
    Factory,
    Tenant,
    Token,
    sign_in,
)
from tenants.models import Role

pytestmark = pytest.mark.anyio

TODAY = dt.date(2026, 3, 15)
THIS = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
LAST = dt.datetime(2026, 2, 28, 23, 59, 59, tzinfo=dt.UTC)
BEFORE = dt.datetime(2026, 1, 31, 23, 59, 59, tzinfo=dt.UTC)
_serial = itertools.count()


async def test_calls_are_counted_in_their_month_with_their_token_and_agent(
    tenant_database: Database, database: Database, make: Factory
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

    async with tenant_database.tenant_session(tenant.organization.id) as session:
        this, last = await UsageService(session).this_and_last_month(tenant.organization.id, today=TODAY)

    async with database.sessions() as session:
        prefixes = {row.id: row.prefix for row in await session.execute(sa.text("SELECT id, prefix FROM embed_token"))}
    assert (this.first_day, last.first_day) == (dt.date(2026, 3, 1), dt.date(2026, 2, 1))
    assert (this.total, this.total.minutes) == (CallTotals(3, 2, 91, 3), 3)
    assert this.by_token == [
        TokenUsage(first.id, "Main Website", prefixes[first.id], CallTotals(2, 1, 61, 2)),
        TokenUsage(second.id, "Main Website", prefixes[second.id], CallTotals(1, 1, 30, 1)),
    ]
    assert this.by_agent == [
        AgentUsage("Ann", False, CallTotals(2, 1, 61, 2)),
        AgentUsage(None, False, CallTotals(1, 1, 30, 1)),
    ]
    assert (last.total, last.by_agent) == (CallTotals(1, 1, 5, 1), [AgentUsage("Bob", False, CallTotals(1, 1, 5, 1))])


async def test_an_organization_without_calls_has_used_nothing(
    client: httpx.AsyncClient, new_client: NewClient, make: Factory
) -> None:
    tenant = await make.tenant()
    path = f"/api/organizations/{tenant.organization.id}/usage"
    await sign_in(client, await make.member(tenant.organization, Role.MEMBER))

    answer = await client.get(path)

    nothing = {"calls": 0, "answered": 0, "seconds": 0, "minutes": 0, "by_token": [], "by_agent": []}
    nothing |= {"by_outcome": [], "conversations": 0}
    assert answer.status_code == 200
    assert {name: {**month, "month": None} for name, month in answer.json().items()} == {
        "this_month": {**nothing, "month": None},
        "last_month": {**nothing, "month": None},
    }
    assert (await (await sign_in(new_client(), await make.user())).get(path)).status_code == 404
    assert (await new_client().get(path)).status_code == 401


async def test_counting_reads_the_index_and_not_the_table(settings: Settings, make: Factory) -> None:
    """Calls of a year, also of another organization, so that PostgreSQL prefers the index to reading the table."""
    tenant, other = await make.tenant(), await make.tenant()
    calls = _calls_of_a_year(tenant, await make.token(tenant), a_day=3)
    calls += _calls_of_a_year(other, await make.token(other), a_day=20)
    query = sa.select(sa.literal(1)).where(*outgoing_since(tenant.organization.id, start_of_day(THIS.date(), dt.UTC)))
    assert settings.database_url is not None
    engine = owner_engine(settings.database_url)
    # As the owner, who may run ANALYZE. The rollback removes the rows and the statistics.
    async with engine.connect() as connection:
        await connection.execute(sa.insert(Call), calls)
        await connection.execute(sa.text("ANALYZE call"))
        statement = str(query.compile(connection.sync_connection, compile_kwargs={"literal_binds": True}))
        plan = "\n".join((await connection.scalars(sa.text(f"EXPLAIN {statement}".replace(":", r"\:")))).all())
        await connection.rollback()
    await engine.dispose()

    condition = next(line for line in plan.splitlines() if "Index Cond" in line)
    assert "ix_call_organization_id_id" in plan
    assert "(organization_id = " in condition
    assert "(id >= " in condition


def _calls_of_a_year(tenant: Tenant, token: Token, *, a_day: int) -> list[dict[str, Any]]:
    """Calls of a year until ``TODAY``, all to one number; their ids contain their times."""
    return [
        {
            "id": UUID(int=first_uuid7(began).int + next(_serial)),
            "organization_id": tenant.organization.id,
            "token_id": token.id,
            "carrier_sid": f"CAyear{next(_serial):028x}",
            "identity": f"w_{token.id.hex}_{0:016x}",
            "from_number": tenant.number,
            "to_number": "+12125550101",
            "status": CallStatus.COMPLETED,
            "duration": 60,
            "started_at": began,
        }
        for began in (
            dt.datetime.combine(TODAY, dt.time(), dt.UTC) - dt.timedelta(days=day, minutes=minute)
            for day in range(365)
            for minute in range(a_day)
        )
    ]
