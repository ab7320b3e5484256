"""Deletes expired rows by rules, and any rows by a condition, in batches of bounded size."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from kit.clock import utc_now
from kit.db.database import Database

PURGE_BATCH_ROWS = 1000
"""Rows of one transaction; a small number keeps locks short."""
PURGE_MAX_BATCHES = 100
"""Batches of one rule in one run; the next run continues."""


class PurgeRule(msgspec.Struct, frozen=True):
    """Rows to delete: those whose time in ``column`` is longer ago than ``max_age``. Rows with NULL there stay."""

    column: InstrumentedAttribute[Any]
    max_age: dt.timedelta

    @property
    def name(self) -> str:
        return f"{self.column.class_.__tablename__}.{self.column.key}"


async def purge_expired(database: Database, rules: Sequence[PurgeRule]) -> dict[str, int]:
    """Apply each of ``rules``; return the rows deleted by each. ``database`` must see all rows."""
    now = utc_now()
    return {
        rule.name: await delete_in_batches(
            database, rule.column.class_.__table__, rule.column < now - rule.max_age, batches=PURGE_MAX_BATCHES
        )
        for rule in rules
    }


async def delete_in_batches(
    database: Database, table: sa.Table, condition: sa.ColumnElement[bool], *, batches: int | None = None
) -> int:
    """Delete the rows of ``table`` that meet ``condition``, in at most ``batches`` batches; return the row count.

    Each batch is committed, so a run that was interrupted continues when this is called again.
    """
    batch_ids = sa.select(table.c.id).where(condition).limit(PURGE_BATCH_ROWS)
    statement = sa.delete(table).where(table.c.id.in_(batch_ids))
    total = batches_done = 0
    while batches is None or batches_done < batches:
        async with database.sessions() as session, session.begin():
            result = await session.execute(statement)
        deleted = result.rowcount if isinstance(result, sa.CursorResult) else 0
        total, batches_done = total + deleted, batches_done + 1
        if deleted < PURGE_BATCH_ROWS:
            break
    return total
