"""Counts what calls use of the limits: locked, read and changed in the transaction that admits or ends a call."""

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from calls.limits.call_duration import RING_SECONDS, ScopeUsage, UsageSnapshot
from calls.limits.models import UsageScope
from calls.models import Call
from kit.db.raw import CompiledStatement, RawConnection, raw_connection

_RESERVATION_MARGIN = dt.timedelta(minutes=2)
"""After a call must be over, so long passes before its reservation is released without the carrier's report."""
_HOUR = dt.timedelta(hours=1)

CALLING_PAUSE_LOCK = "calling.pause"
"""Name of an advisory lock. Every call that is checked shares it until the call is stored; a pause of all calls takes
it exclusively. Therefore a call sees the pause, or the pause sees the call."""
# Every transaction writes the rows in this order, the organization's first: its lock protects the other two.
_LOCK_AND_READ = CompiledStatement(
    sa.text(
        """
    INSERT INTO usage_counter AS u (id, organization_id, scope, key, minute_start, day, month)
    VALUES (:id_1, :organization, 'organization', '', :now, :day, :month),
           (:id_2, :organization, 'token', :token, :now, :day, :month),
           (:id_3, :organization, 'identity', :identity, :now, :day, :month)
    ON CONFLICT (organization_id, scope, key) DO UPDATE SET
        minute_attempts = CASE WHEN u.minute_start > :minute_ago THEN u.minute_attempts ELSE 0 END,
        minute_start = CASE WHEN u.minute_start > :minute_ago THEN u.minute_start ELSE :now END,
        hour_rejected = CASE WHEN u.hour_start > :hour_ago THEN u.hour_rejected ELSE 0 END,
        hour_start = CASE WHEN u.hour_start > :hour_ago THEN u.hour_start ELSE :now END,
        day_attempts = CASE WHEN u.day >= :day THEN u.day_attempts ELSE 0 END,
        day_rejected = CASE WHEN u.day >= :day THEN u.day_rejected ELSE 0 END,
        day_minutes = CASE WHEN u.day >= :day THEN u.day_minutes ELSE 0 END,
        day_micros = CASE WHEN u.day >= :day THEN u.day_micros ELSE 0 END,
        day = greatest(u.day, :day),
        month_minutes = CASE WHEN u.month >= :month THEN u.month_minutes ELSE 0 END,
        month_micros = CASE WHEN u.month >= :month THEN u.month_micros ELSE 0 END,
        month = greatest(u.month, :month)
    RETURNING scope, live, reserved_minutes, reserved_micros, minute_attempts, hour_rejected, day_attempts,
              day_minutes, day_micros, month_minutes, month_micros, pg_advisory_xact_lock_shared(hashtext(:pause_lock))
    """
    ).bindparams(
        *(sa.bindparam(name, type_=sa.Uuid()) for name in ("organization", "id_1", "id_2", "id_3")),
        *(
            sa.bindparam(name, type_=sa.TIMESTAMP(timezone=True))
            for name in ("now", "day", "month", "minute_ago", "hour_ago")
        ),
        sa.bindparam("pause_lock", CALLING_PAUSE_LOCK, type_=sa.Text()),
    )
)
# A reservation is released as if its call had used all of it, because that is the most: the call's own end corrects it.
_OVERDUE_CALLS = (
    sa.select(Call)
    .where(Call.reserved_until < sa.bindparam("now"))
    .order_by(Call.reserved_until)
    .limit(20)
    # A transaction that ends such a call at this moment holds its row and waits for the counters that we hold.
    .with_for_update(skip_locked=True)
)
APPLY_DELTA_SQL = """
    UPDATE usage_counter SET
        live = greatest(live + :live, 0),
        reserved_minutes = greatest(reserved_minutes + :reserved_minutes, 0),
        reserved_micros = greatest(reserved_micros + :reserved_micros, 0),
        minute_attempts = minute_attempts + :attempts,
        day_attempts = day_attempts + :attempts,
        hour_rejected = hour_rejected + :rejected,
        day_rejected = day_rejected + :rejected,
        day_minutes = greatest(day_minutes + :day_minutes, 0),
        day_micros = greatest(day_micros + :day_micros, 0),
        month_minutes = greatest(month_minutes + :month_minutes, 0),
        month_micros = greatest(month_micros + :month_micros, 0)
    WHERE organization_id = :organization
      AND (scope, key) IN (('organization', ''), ('token', :token), ('identity', :identity))
"""
APPLY_DELTA_PARAMETERS: tuple[sa.BindParameter[Any], ...] = (
    sa.bindparam("organization", type_=sa.Uuid()),
    *(sa.bindparam(name, type_=sa.Integer()) for name in ("live", "attempts", "rejected")),
    *(
        sa.bindparam(name, type_=sa.BigInteger())
        for name in (
            "reserved_minutes",
            "reserved_micros",
            "day_minutes",
            "day_micros",
            "month_minutes",
            "month_micros",
        )
    ),
)
_APPLY_DELTA = CompiledStatement(sa.text(APPLY_DELTA_SQL).bindparams(*APPLY_DELTA_PARAMETERS))
_DELETE_UNUSED_IDENTITY = CompiledStatement(
    sa.text(
        """
    DELETE FROM usage_counter
    WHERE organization_id = :organization AND scope = 'identity' AND key = :identity AND day_attempts = 0 AND live = 0
    """
    ).bindparams(sa.bindparam("organization", type_=sa.Uuid()))
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
    """A call that is over gives back its reservation and is charged for its minutes."""

    minutes: int
    cost_micros: int
    delta: UsageDelta
    """The amounts to add to the counters; all 0 when the call was released before."""

    @classmethod
    def of(cls, call: Call, *, minutes: int) -> "Release":
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

    def mark(self, call: Call) -> None:
        """Write into the call that it was released."""
        call.reserved_until, call.billed_minutes, call.cost_micros = None, self.minutes, self.cost_micros


class UsageCounters:
    """The counters of an organization, one of its tokens and one widget identity; lives for one transaction."""

    def __init__(self, session: AsyncSession, organization_id: UUID, token_id: UUID, identity: str) -> None:
        self._session = session
        self._organization_id = organization_id
        self._token = token_id.hex
        self._identity = identity
        self._day: dt.datetime | None = None
        self._connection: RawConnection | None = None

    async def lock_and_read(self, now: dt.datetime) -> UsageSnapshot:
        """Lock the counters until the transaction ends, and read them."""
        self._day = day = now.replace(hour=0, minute=0, second=0, microsecond=0)
        values = {
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
        connection = await self._raw_connection()
        uses = {row["scope"]: _scope_usage(row) for row in await connection.fetch(_LOCK_AND_READ, **values)}
        return UsageSnapshot(uses[UsageScope.ORGANIZATION], uses[UsageScope.TOKEN], uses[UsageScope.IDENTITY])

    async def apply(self, delta: UsageDelta, *, used_at: dt.datetime | None = None) -> None:
        """Add ``delta`` to all three rows; the counters must be locked.

        ``used_at`` is when that was used which ``delta`` corrects: sums of another day or month do not change.
        """
        connection = await self._raw_connection()
        await connection.fetch(_APPLY_DELTA, **self.delta_parameters(delta, used_at=used_at))

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

    async def release_overdue_reservations(self, now: dt.datetime) -> bool:
        """Release what calls reserve that must be over; True when there were any. The counters must be locked."""
        overdue = _OVERDUE_CALLS.where(Call.owned_by(self._organization_id))
        calls = (await self._session.scalars(overdue, {"now": now})).all()
        for call in calls:
            counters = UsageCounters(self._session, self._organization_id, call.token_id, call.identity)
            release = Release.of(call, minutes=call.limit_minutes or 0)
            release.mark(call)
            await counters.apply(release.delta)
        return bool(calls)

    async def delete_unused_identity(self) -> None:
        """Delete the row of a widget identity that never placed a call: each exchange makes a new identity."""
        connection = await self._raw_connection()
        await connection.fetch(_DELETE_UNUSED_IDENTITY, organization=self._organization_id, identity=self._identity)

    async def _raw_connection(self) -> RawConnection:
        if self._connection is None:
            self._connection = await raw_connection(self._session)
        return self._connection


def reserve(minutes: int, rate_micros: int) -> UsageDelta:
    """The amounts that an admitted call adds to the counters."""
    return UsageDelta(live=1, attempts=1, reserved_minutes=minutes, reserved_micros=minutes * rate_micros)


def reservation_end(now: dt.datetime, minutes: int) -> dt.datetime:
    """The time at which a call that is admitted now must be over, whatever the carrier reports."""
    return now + dt.timedelta(minutes=minutes, seconds=RING_SECONDS) + _RESERVATION_MARGIN


def _scope_usage(row: Mapping[Any, Any]) -> ScopeUsage:
    return ScopeUsage(**{name: row[name] for name in ScopeUsage.__struct_fields__})
