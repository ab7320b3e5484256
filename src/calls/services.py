"""What happens to calls after the gate: followed to their end, priced, listed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import sqlalchemy as sa
from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from calls.call_state import (
    FIRST_CORRECTION_SEQUENCE,
    STATUS_BY_CARRIER_STATUS,
    LegEvent,
    derive_call_state,
)
from calls.limits.call_context import load_call_context
from calls.limits.limit_alerts import LimitAlerts
from calls.limits.usage_counters import UsageCounters, UsageDelta, settle
from calls.models import Call, CallEvent, CallStatus
from calls.number_search import contains, newest_with_digits
from kit.clock import utc_now
from kit.db.raw import raw_connection
from kit.errors import NotFound

PRICE_DELAY = timedelta(minutes=10)
"""After a call's end: the carrier knows its price some minutes later."""


class CallFilters(msgspec.Struct, frozen=True):
    """What a list of calls is narrowed to."""

    status: CallStatus | None = None
    number: str | None = None
    """Digits that the other side's number contains; with ``+`` before them, those that it begins with."""
    token_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def only_digits(self) -> str | None:
        """The digits that the number contains, when nothing else is asked for; else None."""
        is_alone = self == CallFilters(number=self.number) and not (self.number or "").startswith("+")
        return self.number if is_alone else None


class CallService:
    """Call records."""

    class Repository(SQLAlchemyAsyncRepository[Call]):
        model_type = Call

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._repository = self.Repository(session=session)

    async def record_event(
        self, organization_id: UUID, parent_sid: str, leg_sid: str, event: LegEvent, *, watch: LimitAlerts | None = None
    ) -> Call | None:
        """Add ``event`` to its call and fold the call anew; None when there is no such call.

        A call that is over gives back its slot and is booked; ``watch`` tells of limits that it brought near.
        """
        session = self._session
        call = await self._by_sid(organization_id, parent_sid, locked=True)
        if call is None or call.status is CallStatus.REFUSED or call.erased_at is not None:
            return call
        ended_before = call.ended_at if call.status.is_final else None
        values = {
            "id": uuid7(),
            "organization_id": call.organization_id,
            "call_record_id": call.id,
            "leg_sid": leg_sid,
            **msgspec.structs.asdict(event),
        }
        await session.execute(insert(CallEvent).values(values).on_conflict_do_nothing())
        state = derive_call_state(_leg_event(row) for row in await self.events(call.organization_id, call.id))
        call.status, call.duration = state.status, state.duration
        call.answered_at, call.ended_at, call.end_reason = state.answered_at, state.ended_at, state.end_reason
        if call.status.is_final:
            if call.ended_at is not None and call.duration and not call.is_priced:
                call.price_due_at = call.ended_at + PRICE_DELAY
            await self._book(call, settle(call, minutes=-(-call.duration // 60)), watch, of=ended_before)
        return call

    async def correct_end(
        self, organization_id: UUID, parent_sid: str, leg_sid: str, end: LegEvent, *, watch: LimitAlerts | None = None
    ) -> Call | None:
        """Let ``end``, the end of a leg in the carrier's books, count more than all that was told of it."""
        call = await self._by_sid(organization_id, parent_sid, locked=True)
        if call is None:
            return None
        lowest = sa.select(sa.func.min(CallEvent.sequence)).where(
            CallEvent.owned_by(organization_id), CallEvent.call_record_id == call.id
        )
        sequence = min(FIRST_CORRECTION_SEQUENCE, (await self._session.scalar(lowest) or 0) - 1)
        correction = msgspec.structs.replace(end, sequence=sequence)
        return await self.record_event(organization_id, parent_sid, leg_sid, correction, watch=watch)

    async def set_price(
        self, organization_id: UUID, call_id: UUID, micros: int, *, watch: LimitAlerts | None = None
    ) -> Call:
        """Replace the estimated cost of a call by the carrier's own price, in millionths of a US dollar.

        The spending of the day and the month in which it ended is corrected, as far as they go on.

        Raises: NotFound.
        """
        query = sa.select(Call).where(Call.owned_by(organization_id), Call.id == call_id).with_for_update()
        call: Call | None = await self._session.scalar(query)
        if call is None:
            raise NotFound
        entry = UsageDelta(micros=micros - call.cost_micros)
        call.cost_micros, call.is_priced, call.price_due_at = micros, True, None
        await self._book(call, entry, watch, of=call.ended_at)
        return call

    async def _book(
        self, call: Call, entry: UsageDelta, watch: LimitAlerts | None, *, of: datetime | None = None
    ) -> None:
        if entry == UsageDelta():
            return
        session, now = self._session, utc_now()
        ledger = UsageCounters(session, call.organization_id, call.token_id, call.identity)
        books = await ledger.lock_and_read(now)
        await ledger.apply(entry, used_at=of)
        is_of_today = of is None or of.date() == now.date()
        if watch is not None and is_of_today and (entry.minutes > 0 or entry.micros > 0):
            reader = await raw_connection(session)
            standing = await load_call_context(reader, call.organization_id, call.token_id, now)
            if standing is not None:
                await watch.check_usage(session, call.organization_id, call.token_id, standing, books, entry, now)

    async def page(
        self, organization_id: UUID, filters: CallFilters, *, after: UUID | None, limit: int
    ) -> Sequence[Call]:
        """``limit`` + 1 calls of the organization, newest first."""
        mine = [Call.owned_by(organization_id), *([] if after is None else [Call.id < after])]
        session, newest = self._session, Call.id.desc()
        if (digits := filters.only_digits) is not None:
            ids = await newest_with_digits(session, mine, digits, limit=limit + 1)
            mine = [Call.owned_by(organization_id), Call.id.in_(ids)]
        elif narrowed := _narrowed(filters):
            # Found in the index alone, which holds what is asked of them; only what is shown is read.
            found = sa.select(Call.id).where(*mine, *narrowed).order_by(newest).limit(limit + 1)
            mine = [Call.owned_by(organization_id), Call.id.in_(found)]
        query = sa.select(Call).where(*mine).order_by(newest).limit(limit + 1)
        rows: Sequence[Call] = (await session.scalars(query)).all()
        return rows

    async def get(self, organization_id: UUID, call_id: UUID) -> Call:
        """One call of the organization. Raises: NotFound."""
        call = await self._repository.get_one_or_none(Call.owned_by(organization_id), Call.id == call_id)
        if call is None:
            raise NotFound
        return call

    async def events(self, organization_id: UUID, call_id: UUID) -> Sequence[CallEvent]:
        """A call's events in the order they happened."""
        query = (
            sa.select(CallEvent)
            .where(CallEvent.owned_by(organization_id), CallEvent.call_record_id == call_id)
            .order_by(CallEvent.occurred_at, CallEvent.sequence, CallEvent.id)
        )
        rows: Sequence[CallEvent] = (await self._session.scalars(query)).all()
        return rows

    async def visible_events(self, organization_id: UUID, call_id: UUID) -> list[CallEvent]:
        """A call's events as people read them: without the ends that the carrier took back."""
        events = await self.events(organization_id, call_id)
        ends = [event for event in events if event.is_child and STATUS_BY_CARRIER_STATUS[event.kind].is_final]
        last_word = min(ends, key=lambda event: event.sequence, default=None)
        if last_word is None or last_word.sequence > FIRST_CORRECTION_SEQUENCE:
            return list(events)
        return [event for event in events if event not in ends or event is last_word]

    async def _by_sid(self, organization_id: UUID, carrier_sid: str, *, locked: bool = False) -> Call | None:
        query = sa.select(Call).where(Call.owned_by(organization_id), Call.carrier_sid == carrier_sid)
        found: Call | None = await self._session.scalar(query.with_for_update() if locked else query)
        return found


def _narrowed(filters: CallFilters) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if filters.status is not None:
        conditions.append(Call.status == filters.status)
    if filters.number is not None:
        conditions += _called(filters.number)
    if filters.token_id is not None:
        conditions.append(Call.token_id == filters.token_id)
    if filters.since is not None:
        conditions.append(Call.started_at >= filters.since)
    if filters.until is not None:
        conditions.append(Call.started_at < filters.until)
    return conditions


def _called(number: str) -> list[sa.ColumnElement[bool]]:
    """``+`` and digits: the number begins so. Digits alone: they stand somewhere in it."""
    if not number.startswith("+"):
        return [contains(Call.to_number, number)]
    # A LIKE would not do: behind row-level security the index is used for operators alone that leak nothing.
    next_number = number[:-1] + chr(ord(number[-1]) + 1)
    return [Call.to_number.bool_op("~>=~")(number), Call.to_number.bool_op("~<~")(next_number)]


def _leg_event(row: CallEvent) -> LegEvent:
    return LegEvent(
        is_child=row.is_child,
        kind=row.kind,
        sequence=row.sequence,
        occurred_at=row.occurred_at,
        duration=row.duration,
        sip_code=row.sip_code,
    )
