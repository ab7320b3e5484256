"""Live calls that may not go on: said here by whoever forbids them, ended by the room that knows calls."""

import datetime as dt
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit.jobs.queue import enqueue

END_LIVE_CALLS = "end_calls"
"""The work of finding the live calls of an organization, an embed token or a pause, and having each ended."""


async def enqueue_end_live_calls(session: AsyncSession, of: UUID, *, after: dt.timedelta = dt.timedelta()) -> None:
    """Let the end of the live calls ``of`` an organization, an embed token or a pause follow the transaction under way.

    ``after`` that time, for calls that may be written down meanwhile.
    """
    await enqueue(session, END_LIVE_CALLS, str(of).encode(), after=after)
