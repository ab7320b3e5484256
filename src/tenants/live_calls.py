"""Live calls that may not go on: said here by whoever forbids them, ended by the room that knows calls."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from kit.outbox import follow_up

END_CALLS = "end_calls"
"""The work of finding the live calls of an organization, an embed token or a pause, and having each ended."""


def end_live_calls(session: AsyncSession, of: UUID) -> None:
    """Let the end of the live calls ``of`` an organization or an embed token follow the transaction under way."""
    follow_up(session, END_CALLS, of)
