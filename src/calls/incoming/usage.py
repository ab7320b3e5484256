"""Counts the minutes and the cost of incoming calls by day and month, in one row of each organization."""

import datetime as dt
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from calls.incoming.admission_statements import ADD_USAGE, LIVE_AND_OUTGOING, OUTGOING
from calls.limits.limit_alerts import IncomingTotal
from kit.clock import utc_now
from kit.db.raw import raw_connection


class IncomingSpending(msgspec.Struct, frozen=True):
    """The use of an organization when one more call comes; costs in millionths of a US dollar."""

    live_calls: int
    day_minutes: int
    """Of incoming calls."""
    reserved_minutes: int
    """Those that live incoming calls may still use; not among the used ones."""
    day_micros: int
    """Of all calls, as are those of the month."""
    month_micros: int
    reserved_micros: int
    """The highest cost of all live calls; not in the costs of the day and the month."""


class IncomingUsageService:
    """The counters of incoming calls, apart from those of outgoing calls: neither waits for the other."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def lock_and_read(self, organization_id: UUID) -> IncomingSpending:
        """Lock the row until the transaction ends; what outgoing calls used is read without a lock.

        Also shares ``CALLING_PAUSE_LOCK``.
        """
        now, day = utc_now(), start_of_today()
        used = await self._add(organization_id, day)
        connection = await raw_connection(self._session)
        # One statement, because all calls to the organization wait for the row meanwhile.
        row = await connection.fetch_row(
            LIVE_AND_OUTGOING, organization=organization_id, day=day, month=day.replace(day=1), now=now
        )
        return IncomingSpending(
            live_calls=row["calls"],
            day_minutes=used.day_minutes,
            reserved_minutes=row["minutes"],
            day_micros=used.day_micros + row["day_micros"],
            month_micros=used.month_micros + row["month_micros"],
            reserved_micros=row["micros"] + row["reserved_micros"],
        )

    async def with_outgoing(self, organization_id: UUID, total: IncomingTotal) -> IncomingTotal:
        """``total`` of incoming calls with the cost of outgoing ones that are over."""
        day, connection = start_of_today(), await raw_connection(self._session)
        row = await connection.fetch_row(OUTGOING, organization=organization_id, day=day, month=day.replace(day=1))
        if row is None:
            return total
        return IncomingTotal(
            total.day_minutes, total.day_micros + row["day_micros"], total.month_micros + row["month_micros"]
        )

    async def add(
        self, organization_id: UUID, *, minutes: int = 0, micros: int = 0, used_at: dt.datetime | None = None
    ) -> IncomingTotal:
        """Add what a call used, less than zero corrects it; return the use of incoming calls after this.

        ``used_at`` is when that was used which is corrected: sums of another day or month do not change.
        """
        day = start_of_today()
        in_day = used_at is None or used_at >= day
        in_month = in_day or used_at is None or used_at >= day.replace(day=1)
        # The call was changed first; a raw statement does not flush that, as one of the session does.
        await self._session.flush()
        return await self._add(
            organization_id,
            day,
            minutes=minutes if in_day else 0,
            day_micros=micros if in_day else 0,
            month_micros=micros if in_month else 0,
        )

    async def _add(
        self, organization_id: UUID, day: dt.datetime, *, minutes: int = 0, day_micros: int = 0, month_micros: int = 0
    ) -> IncomingTotal:
        connection = await raw_connection(self._session)
        row = await connection.fetch_row(
            ADD_USAGE,
            id=uuid7(),
            organization=organization_id,
            day=day,
            month=day.replace(day=1),
            minutes=minutes,
            day_micros=day_micros,
            month_micros=month_micros,
        )
        return IncomingTotal(row["day_minutes"], row["day_micros"], row["month_micros"])


def start_of_today() -> dt.datetime:
    """Midnight, UTC."""
    return utc_now().replace(hour=0, minute=0, second=0, microsecond=0)
