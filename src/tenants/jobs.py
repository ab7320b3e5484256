"""Queues the job that ends live calls after a revocation, suspension or deletion; the package ``calls`` runs it."""

import datetime as dt
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit.jobs.queue import enqueue

END_LIVE_CALLS = "end_calls"
"""Kind of the job that finds the live calls of an organization, embed token or pause, and queues the end of each."""


async def enqueue_end_live_calls(
    session: AsyncSession, subject_id: UUID, *, after: dt.timedelta = dt.timedelta()
) -> None:
    """Queue the end of the live calls of an organization, an embed token or a pause, in the current transaction.

    ``subject_id`` is the id of one of those. The job runs after the time ``after``; a delay lets it also find calls
    that are being stored now.
    """
    await enqueue(session, END_LIVE_CALLS, str(subject_id).encode(), after=after)
