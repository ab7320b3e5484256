"""Measures how long the oldest due job or periodic task has waited for a process that runs jobs."""

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa

from kit.db.database import Database

# An index finds the oldest due job of a kind directly. A task whose cron expression has changed keeps its former row.
_LONGEST_WAIT = sa.text("""
    SELECT max(wait) FROM (
        SELECT now() - first.execute_after AS wait
        FROM unnest(CAST(:kinds AS text[])) AS kind
        CROSS JOIN LATERAL (
            SELECT execute_after FROM pgqueuer
            WHERE entrypoint = kind AND status = 'queued' AND execute_after <= now()
            ORDER BY execute_after LIMIT 1
        ) first
        UNION ALL
        SELECT now() - max(next_run) FROM pgqueuer_schedules
        WHERE entrypoint = ANY(CAST(:tasks AS text[])) AND status = 'queued'
        GROUP BY entrypoint
    ) waits
""")


async def longest_wait(database: Database, *, kinds: Sequence[str], tasks: Sequence[str]) -> dt.timedelta:
    """The time since the oldest job of ``kinds``, or the next run of one of the periodic ``tasks``, became due."""
    async with database.sessions() as session:
        wait: dt.timedelta | None = await session.scalar(_LONGEST_WAIT, {"kinds": list(kinds), "tasks": list(tasks)})
    return max(wait or dt.timedelta(), dt.timedelta())
