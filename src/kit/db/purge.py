"""Deletes expired rows, in batches of bounded size."""

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
    """Rows to delete: those whose column ``moment`` is older than ``older_than``. Rows with NULL there stay."""

    moment: InstrumentedAttribute[Any]
    older_than: dt.timedelta

    @property
    def name(self) -> str:
        return f"{self.moment.class_.__tablename__}.{self.moment.key}"


async def purge_expired(database: Database, rules: Sequence[PurgeRule]) -> dict[str, int]:
    """Apply each of ``rules``; return the rows deleted by each. ``database`` must see all rows."""
    now = utc_now()
    return {
        rule.name: await delete_in_batches(
            database, rule.moment.class_.__table__, rule.moment < now - rule.older_than, batches=PURGE_MAX_BATCHES
        )
        for rule in rules
    }


async def delete_in_batches(
    database: Database, table: sa.Table, which: sa.ColumnElement[bool], *, batches: int | None = None
) -> int:
    """Delete rows of ``table`` in at most ``batches`` batches, each in a separate transaction; return the row count.

    Each batch is committed, so a run that was interrupted continues when this is called again.
    """
    some = sa.select(table.c.id).where(which).limit(PURGE_BATCH_ROWS)
    statement = sa.delete(table).where(table.c.id.in_(some))
    total = done = 0
    while batches is None or done < batches:
        async with database.sessions() as session, session.begin():
            deleted = await session.execute(statement)
        gone = deleted.rowcount if isinstance(deleted, sa.CursorResult) else 0
        total, done = total + gone, done + 1
        if gone < PURGE_BATCH_ROWS:
            break
    return total
