"""Queues the job that ends live calls after a revocation, suspension or deletion; ``calls`` handles it."""

import datetime as dt
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit.jobs.queue import enqueue

END_LIVE_CALLS = "end_calls"
"""Kind of the job that finds the live calls of an organization, embed token or pause, and queues each one's end."""


async def enqueue_end_live_calls(session: AsyncSession, of: UUID, *, after: dt.timedelta = dt.timedelta()) -> None:
    """Queue the end of the live calls ``of`` an organization, an embed token or a pause, in the current transaction.

    The job runs ``after`` that time; a delay lets it also find calls that are being stored now.
    """
    await enqueue(session, END_LIVE_CALLS, str(of).encode(), after=after)
