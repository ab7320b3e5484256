"""The books in PostgreSQL: opened under a lock, written in the transaction that admits or ends a call."""

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from calls.limits.call_duration import RING_SECONDS, Books, Use
from calls.limits.models import Scope
from calls.models import Call
from kit.db.raw import CompiledStatement, RawConnection, raw_connection

_LATE = dt.timedelta(minutes=2)
"""How long after a call must be over its slot is given back unasked."""
_HOUR = dt.timedelta(hours=1)

PAUSE_LOCK = "calling.pause"
"""Shared by every call being judged, from its first statement until it is written; a pause of all calls takes it alone.
What is asked after that statement therefore sees the pause, or the pause sees the call."""
# Rows are written in this order by everybody, the organization's first: who holds it holds the others.
_OPEN = CompiledStatement(
    sa.text(
        """
    INSERT INTO call_use AS u (id, organization_id, scope, key, minute_start, day, month)
    VALUES (:id_1, :organization, 'organization', '', :now, :day, :month),
           (:id_2, :organization, 'token', :token, :now, :day, :month),
           (:id_3, :organization, 'identity', :identity, :now, :day, :month)
    ON CONFLICT (organization_id, scope, key) DO UPDATE SET
        minute_attempts = CASE WHEN u.minute_start > :minute_ago THEN u.minute_attempts ELSE 0 END,
        minute_start = CASE WHEN u.minute_start > :minute_ago THEN u.minute_start ELSE :now END,
        hour_refused = CASE WHEN u.hour_start > :hour_ago THEN u.hour_refused ELSE 0 END,
        hour_start = CASE WHEN u.hour_start > :hour_ago THEN u.hour_start ELSE :now END,
        day_attempts = CASE WHEN u.day >= :day THEN u.day_attempts ELSE 0 END,
        day_refused = CASE WHEN u.day >= :day THEN u.day_refused ELSE 0 END,
        day_minutes = CASE WHEN u.day >= :day THEN u.day_minutes ELSE 0 END,
        day_micros = CASE WHEN u.day >= :day THEN u.day_micros ELSE 0 END,
        day = greatest(u.day, :day),
        month_minutes = CASE WHEN u.month >= :month THEN u.month_minutes ELSE 0 END,
        month_micros = CASE WHEN u.month >= :month THEN u.month_micros ELSE 0 END,
        month = greatest(u.month, :month)
    RETURNING scope, live, held_minutes, held_micros, minute_attempts, hour_refused, day_attempts,
              day_minutes, day_micros, month_minutes, month_micros, pg_advisory_xact_lock_shared(hashtext(:pause_lock))
    """
    ).bindparams(
        *(sa.bindparam(name, type_=sa.Uuid()) for name in ("organization", "id_1", "id_2", "id_3")),
        *(
            sa.bindparam(name, type_=sa.TIMESTAMP(timezone=True))
            for name in ("now", "day", "month", "minute_ago", "hour_ago")
        ),
        sa.bindparam("pause_lock", PAUSE_LOCK, type_=sa.Text()),
    )
)
# A slot is given back with what its call may have used, for nobody knows better: the call's own end corrects it.
_OVERDUE = (
    sa.select(Call)
    .where(Call.slot_until < sa.bindparam("now"))
    .order_by(Call.slot_until)
    .limit(20)
    # Who ends such a call this moment holds its row and waits for the books that we hold.
    .with_for_update(skip_locked=True)
)
POST_SQL = """
    UPDATE call_use SET
        live = greatest(live + :live, 0),
        held_minutes = greatest(held_minutes + :held_minutes, 0),
        held_micros = greatest(held_micros + :held_micros, 0),
        minute_attempts = minute_attempts + :attempts,
        day_attempts = day_attempts + :attempts,
        hour_refused = hour_refused + :refused,
        day_refused = day_refused + :refused,
        day_minutes = greatest(day_minutes + :day_minutes, 0),
        day_micros = greatest(day_micros + :day_micros, 0),
        month_minutes = greatest(month_minutes + :month_minutes, 0),
        month_micros = greatest(month_micros + :month_micros, 0)
    WHERE organization_id = :organization
      AND (scope, key) IN (('organization', ''), ('token', :token), ('identity', :identity))
"""
POST_TYPES: tuple[sa.BindParameter[Any], ...] = (
    sa.bindparam("organization", type_=sa.Uuid()),
    *(sa.bindparam(name, type_=sa.Integer()) for name in ("live", "attempts", "refused")),
    *(
        sa.bindparam(name, type_=sa.BigInteger())
        for name in ("held_minutes", "held_micros", "day_minutes", "day_micros", "month_minutes", "month_micros")
    ),
)
_POST = CompiledStatement(sa.text(POST_SQL).bindparams(*POST_TYPES))
_FORGET_PHONE = CompiledStatement(
    sa.text(
        """
    DELETE FROM call_use
    WHERE organization_id = :organization AND scope = 'identity' AND key = :identity AND day_attempts = 0 AND live = 0
    """
    ).bindparams(sa.bindparam("organization", type_=sa.Uuid()))
)


class Entry(msgspec.Struct, frozen=True):
    """A change to the books; what is not named stays."""

    live: int = 0
    held_minutes: int = 0
    held_micros: int = 0
    attempts: int = 0
    refused: int = 0
    minutes: int = 0
    micros: int = 0


class Ledger:
    """The books of one organization, as far as one token and one widget identity concern them."""

    def __init__(self, session: AsyncSession, organization_id: UUID, token_id: UUID, identity: str) -> None:
        self._session = session
        self._organization_id = organization_id
        self._token = token_id.hex
        self._identity = identity
        self._day: dt.datetime | None = None
        self._reader: RawConnection | None = None

    async def open(self, now: dt.datetime) -> Books:
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
        uses = {row["scope"]: _use(row) for row in await reader.fetch(_OPEN, **values)}
        return Books(uses[Scope.ORGANIZATION], uses[Scope.TOKEN], uses[Scope.IDENTITY])

    async def post(self, entry: Entry, *, of: dt.datetime | None = None) -> None:
        """Write ``entry`` to all three rows; the books must be open.

        ``of`` is when that was used which ``entry`` corrects: another day's or month's sums are closed.
        """
        reader = await self._connected()
        await reader.fetch(_POST, **self.posting(entry, of=of))

    def posting(self, entry: Entry, *, of: dt.datetime | None = None) -> dict[str, object]:
        """The values of ``POST_SQL`` that write ``entry``."""
        in_day = of is None or self._day is None or of >= self._day
        in_month = in_day or of is None or self._day is None or of >= self._day.replace(day=1)
        return {
            "organization": self._organization_id,
            "token": self._token,
            "identity": self._identity,
            "live": entry.live,
            "held_minutes": entry.held_minutes,
            "held_micros": entry.held_micros,
            "attempts": entry.attempts,
            "refused": entry.refused,
            "day_minutes": entry.minutes if in_day else 0,
            "day_micros": entry.micros if in_day else 0,
            "month_minutes": entry.minutes if in_month else 0,
            "month_micros": entry.micros if in_month else 0,
        }

    async def release_overdue(self, now: dt.datetime) -> bool:
        """Free the slots of calls that must be over; True when there were any. The books must be open."""
        overdue = _OVERDUE.where(Call.owned_by(self._organization_id))
        calls = (await self._session.scalars(overdue, {"now": now})).all()
        for call in calls:
            books = Ledger(self._session, self._organization_id, call.token_id, call.identity)
            await books.post(settle(call, minutes=call.limit_minutes or 0))
        return bool(calls)

    async def forget_phone(self) -> None:
        """Drop the row of a widget identity that never placed a call: each exchange makes a new one."""
        reader = await self._connected()
        await reader.fetch(_FORGET_PHONE, organization=self._organization_id, identity=self._identity)

    async def _connected(self) -> RawConnection:
        if self._reader is None:
            self._reader = await raw_connection(self._session)
        return self._reader


def hold(minutes: int, rate_micros: int) -> Entry:
    """What admitting a call writes."""
    return Entry(live=1, attempts=1, held_minutes=minutes, held_micros=minutes * rate_micros)


def slot_until(now: dt.datetime, minutes: int) -> dt.datetime:
    """When a call admitted now must be over, whatever the carrier tells."""
    return now + dt.timedelta(minutes=minutes, seconds=RING_SECONDS) + _LATE


def settle(call: Call, *, minutes: int) -> Entry:
    """Let ``call`` give back its slot and pay for ``minutes``; what that changes in the books, often nothing."""
    holds, rate = call.slot_until is not None, call.rate_micros or 0
    held = (call.limit_minutes or 0) if holds else 0
    cost = call.cost_micros if call.is_priced else minutes * rate
    entry = Entry(
        live=-1 if holds else 0,
        held_minutes=-held,
        held_micros=-held * rate,
        minutes=minutes - call.billed_minutes,
        micros=cost - call.cost_micros,
    )
    call.slot_until, call.billed_minutes, call.cost_micros = None, minutes, cost
    return entry


def _use(row: Mapping[Any, Any]) -> Use:
    return Use(**{name: row[name] for name in Use.__struct_fields__})
