"""Counts the minutes and the cost of incoming calls by day and month, in one row for each organization."""

import datetime as dt
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from calls.incoming.admission_statements import ADD_USAGE, LIVE_AND_OUTGOING_SPENDING, OUTGOING_SPENDING
from calls.limits.limit_alerts import IncomingTotal
from kit.clock import utc_now
from kit.db.raw import raw_connection


class IncomingSpending(msgspec.Struct, frozen=True):
    """An organization's usage that one more incoming call is checked against; costs in millionths of a US dollar."""

    live_calls: int
    day_minutes: int
    """Of incoming calls."""
    reserved_minutes: int
    """The most minutes that live incoming calls may still use; not included in ``day_minutes``."""
    day_micros: int
    """Cost of all calls, incoming and outgoing, as is ``month_micros``."""
    month_micros: int
    reserved_micros: int
    """The highest cost of all live calls; not included in ``day_micros`` and ``month_micros``."""


class IncomingUsageService:
    """Usage counters of incoming calls. Outgoing calls have their own, so that neither waits for the other's lock."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def lock_and_read(self, organization_id: UUID) -> IncomingSpending:
        """Lock the row until the transaction ends, and read it; counters of outgoing calls are read without a lock.

        Also takes ``CALLING_PAUSE_LOCK`` as a shared lock.
        """
        now, day = utc_now(), start_of_today()
        used = await self._add(organization_id, day)
        connection = await raw_connection(self._session)
        # One statement, because all other calls to the organization wait for the row until it ends.
        row = await connection.fetch_row(
            LIVE_AND_OUTGOING_SPENDING, organization=organization_id, day=day, month=day.replace(day=1), now=now
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
        """``total``, in which only incoming calls are counted, plus the cost of outgoing calls that are over."""
        day, connection = start_of_today(), await raw_connection(self._session)
        row = await connection.fetch_row(
            OUTGOING_SPENDING, organization=organization_id, day=day, month=day.replace(day=1)
        )
        if row is None:
            return total
        return IncomingTotal(
            total.day_minutes, total.day_micros + row["day_micros"], total.month_micros + row["month_micros"]
        )

    async def add(
        self, organization_id: UUID, *, minutes: int = 0, micros: int = 0, used_at: dt.datetime | None = None
    ) -> IncomingTotal:
        """Add a call's usage, negative for a correction; return the usage of incoming calls afterwards.

        ``used_at`` is the time of the usage that is corrected: sums of another day or month do not change.
        """
        day = start_of_today()
        in_day = used_at is None or used_at >= day
        in_month = in_day or used_at is None or used_at >= day.replace(day=1)
        # Writes the changed call: a raw statement does not flush the session, as an ORM statement does.
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
    """The last midnight, UTC."""
    return utc_now().replace(hour=0, minute=0, second=0, microsecond=0)
