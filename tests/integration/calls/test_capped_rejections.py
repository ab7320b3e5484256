"""Rejected calls are stored up to the hourly cap and only counted above it."""

import asyncio
import datetime as dt
from collections.abc import Mapping
from uuid import UUID, uuid4

import httpx
import pytest
import sqlalchemy as sa

from calls.limits.models import CappedRejection, UsageCounter, UsageScope
from calls.limits.rejections import HOURLY_CAP_PER_ORGANIZATION, HOURLY_CAP_PER_TOKEN, SLOTS_PER_TOKEN
from calls.models import Call
from kit.clock import utc_now
from kit.db.database import Database
from support.callback_client import REJECT, CallbackClient, new_sid
from support.db_probe import row_counts
from support.factories import Factory, Tenant, Token
from support.widget_client import post_token
from widget import status

pytestmark = pytest.mark.anyio
EMERGENCY = {
    "call": {
        "status": "refused",
        "number": None,
        "from": None,
        "duration": 0,
        "end_reason": "emergency_number",
        "message": "Emergency numbers cannot be called",
        "help": "Use a mobile phone or a landline.",
        "details": None,
    }
}


async def refuse(callbacks: CallbackClient, token: Token, call_id: UUID | None = None) -> str:
    """Ask for an emergency number; return the carrier's id of the call."""
    sid = new_sid()
    assert (await callbacks.outgoing(token.id, sid, to="911", CallId=str(call_id or uuid4()))).content == REJECT
    return sid


async def set_refused(database: Database, tenant: Tenant, scope: UsageScope, count: int, **more: object) -> None:
    async with database.sessions() as session, session.begin():
        mine = UsageCounter.owned_by(tenant.organization.id), UsageCounter.scope == scope
        await session.execute(sa.update(UsageCounter).where(*mine).values(hour_rejected=count, **more))


async def tenant_row_counts(database: Database, tenant: Tenant) -> Mapping[str, int]:
    counts = {}
    async with database.sessions() as session:
        for model in (Call, CappedRejection):
            query = sa.select(sa.func.count()).select_from(model).where(model.owned_by(tenant.organization.id))
            counts[model.__tablename__] = await session.scalar(query) or 0
    return counts


async def refused_today(database: Database, tenant: Tenant) -> int:
    async with database.sessions() as session:
        mine = UsageCounter.owned_by(tenant.organization.id), UsageCounter.scope == UsageScope.ORGANIZATION
        return (await session.scalars(sa.select(UsageCounter.day_rejected).where(*mine))).one()


@pytest.mark.parametrize(
    ("scope", "most"),
    [(UsageScope.TOKEN, HOURLY_CAP_PER_TOKEN), (UsageScope.ORGANIZATION, HOURLY_CAP_PER_ORGANIZATION)],
)
async def test_rejections_up_to_the_cap_are_stored_and_above_it_each_widget_still_gets_the_reason(
    client: httpx.AsyncClient,
    callbacks: CallbackClient,
    tenant: Tenant,
    token: Token,
    database: Database,
    scope: UsageScope,
    most: int,
) -> None:
    await refuse(callbacks, token)
    await set_refused(database, tenant, scope, most - 1)
    await refuse(callbacks, token)
    assert await tenant_row_counts(database, tenant) == {"call": 2, "capped_rejection": 0}

    call_id = uuid4()
    await refuse(callbacks, token, call_id)
    assert await tenant_row_counts(database, tenant) == {"call": 2, "capped_rejection": 1}
    assert await refused_today(database, tenant) == 3
    status = await post_token(client, token.raw, path="/widget/status", call_id=str(call_id))
    assert status.json() == EMERGENCY


async def test_the_cap_begins_again_after_an_hour(
    callbacks: CallbackClient, tenant: Tenant, token: Token, database: Database
) -> None:
    await refuse(callbacks, token)
    await set_refused(database, tenant, UsageScope.TOKEN, HOURLY_CAP_PER_TOKEN)
    await refuse(callbacks, token)
    an_hour_ago = utc_now() - dt.timedelta(minutes=61)
    await set_refused(database, tenant, UsageScope.TOKEN, HOURLY_CAP_PER_TOKEN, hour_start=an_hour_ago)
    await refuse(callbacks, token)
    assert await tenant_row_counts(database, tenant) == {"call": 2, "capped_rejection": 1}


@pytest.mark.slow
async def test_rejections_above_the_cap_take_a_fixed_number_of_slots(
    callbacks: CallbackClient, tenant: Tenant, token: Token, database: Database
) -> None:
    await refuse(callbacks, token)
    await set_refused(database, tenant, UsageScope.TOKEN, HOURLY_CAP_PER_TOKEN)
    for _ in range(30):
        await asyncio.gather(*(refuse(callbacks, token) for _ in range(SLOTS_PER_TOKEN // 25)))
    assert await tenant_row_counts(database, tenant) == {"call": 1, "capped_rejection": SLOTS_PER_TOKEN}
    assert await refused_today(database, tenant) == 1 + SLOTS_PER_TOKEN // 25 * 30


async def test_events_of_a_rejection_above_the_cap_are_not_stored(
    callbacks: CallbackClient, tenant: Tenant, token: Token, database: Database
) -> None:
    await refuse(callbacks, token)
    await set_refused(database, tenant, UsageScope.TOKEN, HOURLY_CAP_PER_TOKEN)
    sid = await refuse(callbacks, token)
    before = await row_counts(database)
    assert (await callbacks.event(sid, "completed", utc_now(), CallDuration="0")).status_code == 204
    assert await row_counts(database) == before


async def test_another_organizations_token_does_not_get_the_reason(
    client: httpx.AsyncClient,
    callbacks: CallbackClient,
    make: Factory,
    tenant: Tenant,
    token: Token,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(status, "_POLL_DELAYS_SECONDS", (0.01,))
    await refuse(callbacks, token)
    await set_refused(database, tenant, UsageScope.TOKEN, HOURLY_CAP_PER_TOKEN)
    call_id = uuid4()
    await refuse(callbacks, token, call_id)
    stranger = await make.token(await make.tenant())
    response = await post_token(client, stranger.raw, path="/widget/status", call_id=str(call_id))
    assert response.json() == {"call": None}


async def test_allowed_calls_are_dialled_however_many_were_rejected(
    callbacks: CallbackClient, tenant: Tenant, token: Token, database: Database
) -> None:
    await refuse(callbacks, token)
    await set_refused(database, tenant, UsageScope.TOKEN, HOURLY_CAP_PER_TOKEN)
    assert b"<Dial " in (await callbacks.outgoing(token.id, new_sid())).content


async def test_a_widget_whose_calls_were_all_rejected_leaves_no_usage_counter(
    callbacks: CallbackClient, tenant: Tenant, token: Token, database: Database
) -> None:
    for _ in range(3):
        await refuse(callbacks, token)
    async with database.sessions() as session:
        phones = UsageCounter.owned_by(tenant.organization.id), UsageCounter.scope == UsageScope.IDENTITY
        assert list(await session.scalars(sa.select(UsageCounter.key).where(*phones))) == []
