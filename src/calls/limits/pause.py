"""Pauses and resumes the outgoing and incoming calls of all organizations."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from calls.limits.models import CallingPause
from calls.limits.usage_statements import CALLING_PAUSE_LOCK
from kit.actor import Actor
from kit.audit import record
from tenants.jobs import enqueue_end_live_calls

PAUSE_LOCK_TIMEOUT = "3s"
"""The longest wait for calls that are being checked; a check takes milliseconds, unless a worker hangs."""
_MAX_ADMISSION_TIME = dt.timedelta(seconds=5)
"""The time within which a call that was checked before a pause is stored, if it is stored at all."""
_LOCK_NOT_AVAILABLE = "55P03"


class CallingPauseService:
    """The pause of all calls."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def pause(self, *, reason: str, by: Actor, end_live: bool = False) -> bool:
        """Stop new calls of every organization, and with ``end_live`` end the live ones too.

        False when nothing changes because calls are paused already; a present pause can still be given ``end_live``.
        """
        is_exclusive = await self._wait_for_admissions()
        statement = insert(CallingPause).values(id=uuid7(), reason=reason).on_conflict_do_nothing()
        is_new = await self._session.scalar(statement.returning(CallingPause.id)) is not None
        ends_live_calls = end_live and await self._end_live_calls(is_exclusive=is_exclusive)
        if not is_new and not ends_live_calls:
            return False
        details = {"reason": reason, "live_calls_ended": ends_live_calls}
        await record(self._session, by, "calling.paused", details=details)
        return True

    async def resume(self, *, by: Actor) -> bool:
        """Let calls be placed again. False when they were not paused."""
        if not list(await self._session.scalars(sa.delete(CallingPause).returning(CallingPause.id))):
            return False
        await record(self._session, by, "calling.resumed")
        return True

    async def _end_live_calls(self, *, is_exclusive: bool) -> bool:
        """Enqueue the job that ends the live calls; False when the pause has done so already."""
        update = sa.update(CallingPause).where(CallingPause.ends_live_calls.is_(False)).values(ends_live_calls=True)
        pause_id = await self._session.scalar(update.returning(CallingPause.id))
        if pause_id is None:
            return False
        await enqueue_end_live_calls(self._session, pause_id)
        if not is_exclusive:
            await enqueue_end_live_calls(self._session, pause_id, after=_MAX_ADMISSION_TIME)
        return True

    async def _wait_for_admissions(self) -> bool:
        """Wait until no call is being checked, and block further checks until this transaction ends.

        False when that takes too long because a worker hangs: the pause must work even then.
        """
        try:
            async with self._session.begin_nested():
                await self._session.execute(sa.text(f"SET LOCAL lock_timeout = '{PAUSE_LOCK_TIMEOUT}'"))
                lock = sa.func.pg_advisory_xact_lock(sa.func.hashtext(CALLING_PAUSE_LOCK))
                await self._session.execute(sa.select(lock))
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
                raise
            return False
        return True
