"""Counts the rows of all tables, and finds the tables and columns that contain a text."""

import functools
from typing import Any

import sqlalchemy as sa

from calls.reconciliation.stuck_calls import RECONCILED_SEQUENCE
from epoch.models import metadata
from kit.db.database import Database

_WRITTEN_IN_BACKGROUND = {
    "audit_chain",
    "pgqueuer",
    "pgqueuer_log",
    "blocked_origin",
    "minute_counter",
    "carrier_health_report",
    "phone_number_discrepancy",
    "event_counter",
    "event_outbox",
    "organization_event",
    "webhook_delivery",
}
"""Tables to which the application writes in the background, a few seconds after requests of any test.

A row of ``audit_chain`` comes with an audit event, and audit events of requests are counted.
"""


async def row_counts(database: Database) -> dict[str, int]:
    """The number of rows of each table that requests write to before they respond."""
    async with database.sessions() as session:
        counts = (await session.execute(_counts_of_all())).one()
    return dict(counts._mapping)


@functools.cache
def _counts_of_all() -> sa.Select[Any]:
    counted = {name: table for name, table in metadata.tables.items() if name not in _WRITTEN_IN_BACKGROUND}
    return sa.select(*(_counted(table).scalar_subquery().label(name) for name, table in counted.items()))


def _counted(table: sa.Table) -> sa.Select[int]:
    query = sa.select(sa.func.count()).select_from(table)
    # The reconciliations of numbers and of calls record events at any time, also about rows of other tests.
    if table.name == "audit_event":
        return query.where(table.c.actor_kind != "system")
    if table.name == "call_event":
        return query.where(table.c.sequence != RECONCILED_SEQUENCE)
    return query


async def tables_holding(database: Database, secret: str) -> list[str]:
    """The tables with a row that contains ``secret`` as text or as bytes, in any column."""
    found = []
    async with database.sessions() as session:
        for name, table in metadata.tables.items():
            row = sa.cast(sa.func.to_jsonb(sa.literal_column(f'"{name}"')), sa.Text)
            # JSON contains bytes in hexadecimal.
            holds = sa.or_(row.contains(secret), row.contains(secret.encode().hex()))
            if await session.scalar(sa.select(sa.func.count()).select_from(table).where(holds)):
                found.append(name)
    return found


_TEXTS = """
SELECT c.relname, a.attname, t.typname = 'bytea'
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
JOIN pg_type t ON t.oid = a.atttypid
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
  AND (t.typcategory IN ('S', 'A') OR t.typname IN ('json', 'jsonb', 'bytea'))
"""


async def columns_holding(database: Database, digits: str) -> set[tuple[str, str]]:
    """The columns, with their tables, that contain ``digits`` with any other characters between them."""
    found = set()
    async with database.sessions() as session:
        # The owner sees every table.
        await session.execute(sa.text("SET LOCAL ROLE NONE"))
        for table, column, is_bytes in (await session.execute(sa.text(_TEXTS))).all():
            held: sa.ColumnClause[Any] = sa.column(column)
            text = sa.func.encode(held, "escape") if is_bytes else sa.cast(held, sa.Text)
            found_in = sa.func.regexp_replace(text, "[^0-9]", "", "g").contains(digits)
            query = sa.select(sa.exists().select_from(sa.table(table)).where(found_in))
            if await session.scalar(query):
                found.add((table, column))
    return found
