"""Calls that wait for their organization's usage counters leave connections to other organizations."""

import asyncio

import httpx
import pytest
import sqlalchemy as sa

from calls.incoming.models import IncomingUsage
from calls.limits.admission_queue import MAX_CONCURRENT_ADMISSIONS
from calls.limits.models import UsageCounter, UsageScope
from kit.db.database import Database
from kit.settings import Settings
from support.callback_client import REJECT, CallbackClient, new_sid
from support.factories import Factory
from support.waiting import wait_until
from tenants.models import PhoneNumber

pytestmark = pytest.mark.anyio
CALLS = 15
"""More than ``MAX_CONCURRENT_ADMISSIONS``, and more than the pool has connections."""
_WAITING_INCOMING = sa.text(
    "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'tuple' AND relation = 'incoming_usage'::regclass"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
"""Counts the waiting calls behind the first one, which waits for the transaction that holds the row."""
_WAITING = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")


async def test_calls_that_wait_for_their_usage_counters_do_not_block_other_organizations(
    make: Factory, client: httpx.AsyncClient, settings: Settings, database: Database
) -> None:
    callbacks = CallbackClient(client, settings)
    busy, other = await make.tenant(), await make.tenant()
    token, others = await make.token(busy), await make.token(other)
    assert b"<Dial " in (await callbacks.outgoing(token.id, new_sid())).content
    async with database.sessions() as session, session.begin():
        counters = UsageCounter.owned_by(busy.organization.id), UsageCounter.scope == UsageScope.ORGANIZATION
        await session.execute(sa.select(UsageCounter.id).where(*counters).with_for_update())
        waiting = [asyncio.create_task(callbacks.outgoing(token.id, new_sid())) for _ in range(CALLS)]

        async def all_slots_are_taken() -> bool:
            async with database.sessions() as looking:
                return int((await looking.scalars(_WAITING)).one()) >= MAX_CONCURRENT_ADMISSIONS

        await wait_until(all_slots_are_taken)

        assert b"<Dial " in (await callbacks.outgoing(others.id, new_sid())).content
        assert not any(call.done() for call in waiting)
    answers = await asyncio.gather(*waiting)
    assert all(answer.content == REJECT or b"<Dial " in answer.content for answer in answers)


async def test_incoming_calls_that_wait_for_their_usage_row_do_not_block_other_organizations(
    make: Factory, client: httpx.AsyncClient, settings: Settings, database: Database
) -> None:
    callbacks = CallbackClient(client, settings)
    busy, other = str((await make.tenant()).number), str((await make.tenant()).number)

    async def answer(number: str) -> str:
        return (await callbacks.incoming(number, new_sid())).text

    assert "Thank you for calling" in await answer(busy)
    async with database.sessions() as session, session.begin():
        holder = sa.select(PhoneNumber.organization_id).where(PhoneNumber.e164 == busy).scalar_subquery()
        row = sa.select(IncomingUsage.id).where(IncomingUsage.organization_id == holder)
        await session.execute(row.with_for_update())
        waiting = [asyncio.create_task(answer(busy)) for _ in range(CALLS)]

        async def count_waiting() -> int:
            async with database.sessions() as looking:
                return int((await looking.scalars(_WAITING_INCOMING)).one())

        async def all_slots_are_taken() -> bool:
            return await count_waiting() >= MAX_CONCURRENT_ADMISSIONS - 1

        await wait_until(all_slots_are_taken)

        assert "Thank you for calling" in await answer(other)
        assert await count_waiting() < MAX_CONCURRENT_ADMISSIONS
    assert all(text.endswith("</Response>") for text in await asyncio.gather(*waiting))
