"""Usage counters of outgoing calls: locked, read and changed in the transaction that admits or ends a call."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from calls.call_row import CallRow
from calls.limits.call_duration import RING_SECONDS, ScopeUsage, UsageSnapshot
from calls.limits.models import UsageScope
from calls.limits.usage_statements import APPLY_DELTA, DELETE_UNUSED_IDENTITY, LOCK_AND_READ
from calls.models import Call
from kit.db.raw import RawConnection, raw_connection

_RESERVATION_MARGIN = dt.timedelta(minutes=2)
"""The time from a call's latest possible end to the release of its reservation without a report of the carrier."""
_HOUR = dt.timedelta(hours=1)
# Such a reservation is charged in full, because that is the most its call can have used; a later report corrects it.
_OVERDUE_CALLS = (
    sa.select(Call)
    .where(Call.reserved_until < sa.bindparam("now"))
    .order_by(Call.reserved_until)
    .limit(20)
    # Skips locked calls: a transaction that ends such a call now waits for the counters that this one has locked.
    .with_for_update(skip_locked=True)
)


class UsageDelta(msgspec.Struct, frozen=True):
    """The amounts to add to the counters."""

    live: int = 0
    reserved_minutes: int = 0
    reserved_micros: int = 0
    attempts: int = 0
    rejected: int = 0
    minutes: int = 0
    micros: int = 0


class Release(msgspec.Struct, frozen=True):
    """The release of an ended call's reservation, and the charge for its minutes."""

    minutes: int
    cost_micros: int
    delta: UsageDelta
    """The amounts to add to the counters; all 0 when the call was released already."""

    @classmethod
    def of(cls, call: Call | CallRow, *, minutes: int) -> "Release":
        """The release of ``call``, which is not changed."""
        rate = call.rate_micros or 0
        cost = call.cost_micros if call.is_priced else minutes * rate
        has_reservation = call.reserved_until is not None
        reserved = (call.limit_minutes or 0) if has_reservation else 0
        delta = UsageDelta(
            live=-1 if has_reservation else 0,
            reserved_minutes=-reserved,
            reserved_micros=-reserved * rate,
            minutes=minutes - call.billed_minutes,
            micros=cost - call.cost_micros,
        )
        return cls(minutes, cost, delta)

    def apply_to(self, call: Call | CallRow) -> None:
        """Store the release in the call's columns."""
        call.reserved_until, call.billed_minutes, call.cost_micros = None, self.minutes, self.cost_micros


class UsageCounters:
    """The counters of an organization, one of its tokens and one widget identity, within one transaction."""

    def __init__(self, session: AsyncSession, organization_id: UUID, token_id: UUID, identity: str) -> None:
        self._session = session
        self._organization_id = organization_id
        self._token = token_id.hex
        self._identity = identity
        self._day: dt.datetime | None = None
        self._connection: RawConnection | None = None

    async def lock_and_read(self, now: dt.datetime) -> UsageSnapshot:
        """Lock the counters until the transaction ends, and read them."""
        connection = await self._raw_connection()
        return usage_of(await connection.fetch(LOCK_AND_READ, **self._window_parameters(now)))

    async def apply(self, delta: UsageDelta, *, used_at: dt.datetime | None = None) -> None:
        """Add ``delta`` to all three rows; the counters must be locked.

        ``used_at`` is the time of the usage that ``delta`` corrects: sums of another day or month do not change.
        """
        connection = await self._raw_connection()
        await connection.fetch(APPLY_DELTA, **self.delta_parameters(delta, used_at=used_at))

    def delta_parameters(self, delta: UsageDelta, *, used_at: dt.datetime | None = None) -> dict[str, object]:
        """The parameters of ``APPLY_DELTA_SQL`` that add ``delta``."""
        in_day = used_at is None or self._day is None or used_at >= self._day
        in_month = in_day or used_at is None or self._day is None or used_at >= self._day.replace(day=1)
        return {
            "organization": self._organization_id,
            "token": self._token,
            "identity": self._identity,
            "live": delta.live,
            "reserved_minutes": delta.reserved_minutes,
            "reserved_micros": delta.reserved_micros,
            "attempts": delta.attempts,
            "rejected": delta.rejected,
            "day_minutes": delta.minutes if in_day else 0,
            "day_micros": delta.micros if in_day else 0,
            "month_minutes": delta.minutes if in_month else 0,
            "month_micros": delta.micros if in_month else 0,
        }

    def release_parameters(
        self, delta: UsageDelta, now: dt.datetime, *, used_at: dt.datetime | None
    ) -> dict[str, object]:
        """The parameters of ``RELEASE_SQL`` that add ``delta``; ``used_at`` as in ``apply``."""
        return {**self._window_parameters(now), **self.delta_parameters(delta, used_at=used_at)}

    def _window_parameters(self, now: dt.datetime) -> dict[str, object]:
        self._day = day = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return {
            **{f"id_{number}": uuid7() for number in (1, 2, 3)},
            "organization": self._organization_id,
            "token": self._token,
            "identity": self._identity,
            "now": now,
            "minute_ago": now - dt.timedelta(minutes=1),
            "hour_ago": now - _HOUR,
            "day": day,
            "month": day.replace(day=1),
        }

    async def release_overdue_reservations(self, now: dt.datetime) -> bool:
        """Release reservations of calls that must be over; True when there were any. The counters must be locked."""
        overdue = _OVERDUE_CALLS.where(Call.owned_by(self._organization_id))
        calls = (await self._session.scalars(overdue, {"now": now})).all()
        for call in calls:
            if call.token_id is None:
                continue  # Incoming calls have no reservation.
            counters = UsageCounters(self._session, self._organization_id, call.token_id, call.identity)
            release = Release.of(call, minutes=call.limit_minutes or 0)
            release.apply_to(call)
            await counters.apply(release.delta)
        return bool(calls)

    async def delete_unused_identity(self) -> None:
        """Delete the row of a widget identity that never placed a call: each exchange makes a new identity."""
        connection = await self._raw_connection()
        await connection.fetch(DELETE_UNUSED_IDENTITY, organization=self._organization_id, identity=self._identity)

    async def _raw_connection(self) -> RawConnection:
        if self._connection is None:
            self._connection = await raw_connection(self._session)
        return self._connection


def reserve(minutes: int, rate_micros: int) -> UsageDelta:
    """The amounts that an admitted call adds to the counters."""
    return UsageDelta(live=1, attempts=1, reserved_minutes=minutes, reserved_micros=minutes * rate_micros)


def reservation_end(now: dt.datetime, minutes: int) -> dt.datetime:
    """The time at which the reservation of a call that is admitted ``now`` is released without the carrier's report."""
    return now + dt.timedelta(minutes=minutes, seconds=RING_SECONDS) + _RESERVATION_MARGIN


def usage_of(rows: Iterable[Mapping[Any, Any]]) -> UsageSnapshot:
    """The counters in the three ``rows`` that a statement returned."""
    uses = {row["scope"]: _scope_usage(row) for row in rows}
    return UsageSnapshot(uses[UsageScope.ORGANIZATION], uses[UsageScope.TOKEN], uses[UsageScope.IDENTITY])


def usage_before(rows: Iterable[Mapping[Any, Any]], delta: UsageDelta) -> UsageSnapshot:
    """The counters in ``rows`` as they were before ``delta``, usage of today, was added."""
    after = usage_of(rows)
    return UsageSnapshot(*(_subtract(delta, usage) for usage in (after.organization, after.token, after.client)))


def _subtract(delta: UsageDelta, usage: ScopeUsage) -> ScopeUsage:
    return msgspec.structs.replace(
        usage,
        day_minutes=usage.day_minutes - delta.minutes,
        day_micros=usage.day_micros - delta.micros,
        month_minutes=usage.month_minutes - delta.minutes,
        month_micros=usage.month_micros - delta.micros,
    )


def _scope_usage(row: Mapping[Any, Any]) -> ScopeUsage:
    return ScopeUsage(**{name: row[name] for name in ScopeUsage.__struct_fields__})
