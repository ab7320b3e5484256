"""The books in PostgreSQL: opened under a lock, written in the transaction that admits or ends a call."""

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
"""How long after a call must be over its slot is given back unasked."""
_HOUR = dt.timedelta(hours=1)

CALLING_PAUSE_LOCK = "calling.pause"
"""Shared by every call being judged, from its first statement until it is written; a pause of all calls takes it alone.
What is asked after that statement therefore sees the pause, or the pause sees the call."""
# Rows are written in this order by everybody, the organization's first: who holds it holds the others.
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
# A slot is given back with what its call may have used, for nobody knows better: the call's own end corrects it.
_OVERDUE_CALLS = (
    sa.select(Call)
    .where(Call.reserved_until < sa.bindparam("now"))
    .order_by(Call.reserved_until)
    .limit(20)
    # Who ends such a call this moment holds its row and waits for the books that we hold.
    .with_for_update(skip_locked=True)
)
APPLY_DELTA_SQL = """
    UPDATE usage_counter SET
        live = greatest(live + :live, 0),
        reserved_minutes = greatest(reserved_minutes + :reserved_minutes, 0),
        reserved_micros = greatest(reserved_micros + :reserved_micros, 0),
        minute_attempts = minute_attempts + :attempts,
        day_attempts = day_attempts + :attempts,
        hour_rejected = hour_rejected + :refused,
        day_rejected = day_rejected + :refused,
        day_minutes = greatest(day_minutes + :day_minutes, 0),
        day_micros = greatest(day_micros + :day_micros, 0),
        month_minutes = greatest(month_minutes + :month_minutes, 0),
        month_micros = greatest(month_micros + :month_micros, 0)
    WHERE organization_id = :organization
      AND (scope, key) IN (('organization', ''), ('token', :token), ('identity', :identity))
"""
APPLY_DELTA_PARAMETERS: tuple[sa.BindParameter[Any], ...] = (
    sa.bindparam("organization", type_=sa.Uuid()),
    *(sa.bindparam(name, type_=sa.Integer()) for name in ("live", "attempts", "refused")),
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
    """A change to the books; what is not named stays."""

    live: int = 0
    reserved_minutes: int = 0
    reserved_micros: int = 0
    attempts: int = 0
    rejected: int = 0
    minutes: int = 0
    micros: int = 0


class UsageCounters:
    """The books of one organization, as far as one token and one widget identity concern them."""

    def __init__(self, session: AsyncSession, organization_id: UUID, token_id: UUID, identity: str) -> None:
        self._session = session
        self._organization_id = organization_id
        self._token = token_id.hex
        self._identity = identity
        self._day: dt.datetime | None = None
        self._reader: RawConnection | None = None

    async def lock_and_read(self, now: dt.datetime) -> UsageSnapshot:
        """Lock the books until the transaction ends, and read them."""
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
        reader = await self._connected()
        uses = {row["scope"]: _scope_usage(row) for row in await reader.fetch(_LOCK_AND_READ, **values)}
        return UsageSnapshot(uses[UsageScope.ORGANIZATION], uses[UsageScope.TOKEN], uses[UsageScope.IDENTITY])

    async def apply(self, delta: UsageDelta, *, used_at: dt.datetime | None = None) -> None:
        """Write ``entry`` to all three rows; the books must be open.

        ``of`` is when that was used which ``entry`` corrects: another day's or month's sums are closed.
        """
        reader = await self._connected()
        await reader.fetch(_APPLY_DELTA, **self.delta_parameters(delta, used_at=used_at))

    def delta_parameters(self, delta: UsageDelta, *, used_at: dt.datetime | None = None) -> dict[str, object]:
        """The values of ``POST_SQL`` that write ``entry``."""
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
            "refused": delta.rejected,
            "day_minutes": delta.minutes if in_day else 0,
            "day_micros": delta.micros if in_day else 0,
            "month_minutes": delta.minutes if in_month else 0,
            "month_micros": delta.micros if in_month else 0,
        }

    async def release_overdue_reservations(self, now: dt.datetime) -> bool:
        """Free the slots of calls that must be over; True when there were any. The books must be open."""
        overdue = _OVERDUE_CALLS.where(Call.owned_by(self._organization_id))
        calls = (await self._session.scalars(overdue, {"now": now})).all()
        for call in calls:
            books = UsageCounters(self._session, self._organization_id, call.token_id, call.identity)
            await books.apply(settle(call, minutes=call.limit_minutes or 0))
        return bool(calls)

    async def delete_unused_identity(self) -> None:
        """Drop the row of a widget identity that never placed a call: each exchange makes a new one."""
        reader = await self._connected()
        await reader.fetch(_DELETE_UNUSED_IDENTITY, organization=self._organization_id, identity=self._identity)

    async def _connected(self) -> RawConnection:
        if self._reader is None:
            self._reader = await raw_connection(self._session)
        return self._reader


def reserve(minutes: int, rate_micros: int) -> UsageDelta:
    """What admitting a call writes."""
    return UsageDelta(live=1, attempts=1, reserved_minutes=minutes, reserved_micros=minutes * rate_micros)


def reservation_end(now: dt.datetime, minutes: int) -> dt.datetime:
    """When a call admitted now must be over, whatever the carrier tells."""
    return now + dt.timedelta(minutes=minutes, seconds=RING_SECONDS) + _RESERVATION_MARGIN


def settle(call: Call, *, minutes: int) -> UsageDelta:
    """Let ``call`` give back its slot and pay for ``minutes``; what that changes in the books, often nothing."""
    holds, rate = call.reserved_until is not None, call.rate_micros or 0
    held = (call.limit_minutes or 0) if holds else 0
    cost = call.cost_micros if call.is_priced else minutes * rate
    entry = UsageDelta(
        live=-1 if holds else 0,
        reserved_minutes=-held,
        reserved_micros=-held * rate,
        minutes=minutes - call.billed_minutes,
        micros=cost - call.cost_micros,
    )
    call.reserved_until, call.billed_minutes, call.cost_micros = None, minutes, cost
    return entry


def _scope_usage(row: Mapping[Any, Any]) -> ScopeUsage:
    return ScopeUsage(**{name: row[name] for name in ScopeUsage.__struct_fields__})
