"""Counts the PostgreSQL buffers that the statements of dashboard pages, and that of an exchange, read."""

import asyncio
import datetime as dt
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import asyncpg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from calls.incoming.voicemails import VoicemailService
from calls.list_filters import parse_number_filter
from calls.listing import CallFilters, CallListService
from calls.overview import OverviewService
from calls.usage import UsageService
from dashboard_data import PAGE, BigOrganization
from kit.db.database import LOOKUP_ROLE, Database
from kit.db.paging import read_cursor
from kit.secrets import digest
from tenants.audit_log.services import AuditFilters, AuditLogService
from widget.services import EmbedTokenService
from widget.token_auth import AUTHENTICATION_SQL

EXPLAIN = "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) "
EXCHANGE = "exchange"
Read = Callable[[AsyncSession], Awaitable[object]]


def count(database_url: str, big: BigOrganization) -> dict[str, int]:
    """Return buffers by request, without those of planning, which depend on what the connection ran before."""
    return asyncio.run(_count(database_url, big))


def _reads(big: BigOrganization) -> Mapping[str, Read]:
    owned, today = big.organization_id, dt.datetime.now(dt.UTC).date()

    def calls(filters: CallFilters, cursor: str | None = None) -> Read:
        return lambda session: CallListService(session).page(owned, filters, after=read_cursor(cursor), limit=PAGE)

    async def overview(session: AsyncSession) -> None:
        await OverviewService(session).daily_and_by_token(owned, until=today, days=30, limit=8, zone=dt.UTC)
        week = dt.datetime.now(dt.UTC) - dt.timedelta(days=7)
        await OverviewService(session).counts_and_onboarding(
            owned, has_number=True, week=week, week_before=week - dt.timedelta(days=7)
        )
        await CallListService(session).page(owned, CallFilters(), after=None, limit=5)

    async def audit(session: AsyncSession) -> None:
        await AuditLogService(session).list_events(owned, AuditFilters(), after=None, limit=PAGE)
        await AuditLogService(session).list_actions(owned)

    return {
        "token list": lambda session: EmbedTokenService(session).list_active(owned, after=None, limit=PAGE),
        "names of tokens": lambda session: EmbedTokenService(session).list_names(owned),
        "overview": overview,
        "calls, page 1": calls(CallFilters()),
        "calls, page 1,000": calls(CallFilters(), big.deep_cursor),
        "search by number": calls(CallFilters(number=parse_number_filter(f"+{big.oldest_number}", "US"))),
        "search by digits": calls(CallFilters(number=parse_number_filter(big.oldest_number, "US"))),
        "voicemails": lambda session: VoicemailService(session).page(owned, after=None, limit=PAGE),
        "voicemails, message 50,000": lambda session: VoicemailService(session).page(
            owned, after=read_cursor(big.deep_message), limit=PAGE
        ),
        "voicemails not heard": lambda session: VoicemailService(session).count_unheard(owned),
        "usage": lambda session: UsageService(session).this_and_last_month(owned, today=today),
        "audit": audit,
    }


async def _count(database_url: str, big: BigOrganization) -> dict[str, int]:
    database, counted = Database(database_url), {}
    try:
        for name, read in _reads(big).items():
            counted[name] = await _of_one(database, big, read)
    finally:
        await database.stop()
    connection = await asyncpg.connect(database_url, server_settings={"role": LOOKUP_ROLE})
    try:
        plan = await connection.fetchval(EXPLAIN + AUTHENTICATION_SQL, digest(big.raw_token))
    finally:
        await connection.close()
    return {**counted, EXCHANGE: buffers_of(plan)}


async def _of_one(database: Database, big: BigOrganization, read: Read) -> int:
    """Run ``read`` and EXPLAIN each statement that it sent, with the same parameters."""
    sent: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        sent.append((statement, parameters))

    async with database.tenant_session(big.organization_id, big.owner_id) as session:
        sa.event.listen(database.engine.sync_engine, "before_cursor_execute", note)
        try:
            await read(session)
        finally:
            sa.event.remove(database.engine.sync_engine, "before_cursor_execute", note)
        connection, total = await session.connection(), 0
        for statement, parameters in sent:
            explained = await connection.exec_driver_sql(EXPLAIN + statement, parameters)
            total += buffers_of(explained.scalar_one())
    return total


def buffers_of(explained: Any) -> int:
    """Return the buffers of one ``EXPLAIN`` plan."""
    plan = (json.loads(explained) if isinstance(explained, str) else explained)[0]["Plan"]
    return int(plan["Shared Hit Blocks"]) + int(plan["Shared Read Blocks"])
