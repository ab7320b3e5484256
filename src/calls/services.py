"""Follows admitted calls to their end: events, corrections, prices."""

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
    CallState,
    LegEvent,
    derive_call_state,
    imposed_end,
)
from calls.leg_reports import carriers_price
from calls.limits.alert_mails import AlertMailer
from calls.limits.call_context import CallContextService
from calls.limits.limit_alerts import LimitAlertService
from calls.limits.usage_counters import Release, UsageCounters, UsageDelta
from calls.models import Call, CallEvent, CallStatus
from carrier.port import Price
from kit.clock import utc_now
from kit.errors import NotFound
from kit.rounding import divide_up

PRICE_DELAY = timedelta(minutes=10)
"""After a call's end: the carrier knows its price some minutes later."""


class CallService:
    """Call records and their events."""

    class Repository(SQLAlchemyAsyncRepository[Call]):
        model_type = Call

    def __init__(self, session: AsyncSession, *, alert_mailer: AlertMailer | None = None) -> None:
        """``alert_mailer`` mails owners about limits that a call nearly uses up; without it they get no mail."""
        self._session = session
        self._repository = self.Repository(session=session)
        self._alert_mailer = alert_mailer

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
        return (await self._session.scalars(query)).all()

    async def visible_events(self, organization_id: UUID, call_id: UUID) -> list[CallEvent]:
        """A call's events as people see them: without the ends that the carrier corrected later."""
        events = await self.events(organization_id, call_id)
        ends = [event for event in events if event.is_child and STATUS_BY_CARRIER_STATUS[event.kind].is_final]
        decisive = min(ends, key=lambda event: event.sequence, default=None)
        if decisive is None or decisive.sequence > FIRST_CORRECTION_SEQUENCE:
            return list(events)
        return [event for event in events if event not in ends or event is decisive]

    async def record_event(self, organization_id: UUID, parent_sid: str, leg_sid: str, event: LegEvent) -> Call | None:
        """Add ``event`` to its call and derive the call's state anew; None when there is no such call.

        A call that is over releases its reservation and is charged for its minutes.
        """
        call = await self._lock_call(organization_id, parent_sid)
        if call is None or call.status is CallStatus.REFUSED or call.erased_at is not None:
            return call
        ended_before = call.ended_at if call.status.is_final else None
        await self._insert_event(call, leg_sid, event)
        events = await self.events(organization_id, call.id)
        _apply_state(call, derive_call_state(_leg_event(row) for row in events))
        if call.status.is_final:
            _schedule_price(call)
            await self._release(call, ended_before)
        return call

    async def correct_end(self, organization_id: UUID, parent_sid: str, leg_sid: str, end: LegEvent) -> Call | None:
        """Record ``end``, the end of a leg in the carrier's list, so that it overrules every event reported of it."""
        call = await self._lock_call(organization_id, parent_sid)
        if call is None:
            return None
        lowest = sa.select(sa.func.min(CallEvent.sequence)).where(
            CallEvent.owned_by(organization_id), CallEvent.call_record_id == call.id
        )
        sequence = min(FIRST_CORRECTION_SEQUENCE, (await self._session.scalar(lowest) or 0) - 1)
        correction = msgspec.structs.replace(end, sequence=sequence)
        return await self.record_event(organization_id, parent_sid, leg_sid, correction)

    async def set_price(self, organization_id: UUID, call_id: UUID, price: Price) -> Call:
        """Store the carrier's own price of a call.

        In US dollars it replaces the estimate, and corrects the spending of the day and the month in which the call
        ended, unless they are over. In another currency it is kept beside the estimate, which alone can be summed.

        Raises: NotFound.
        """
        query = sa.select(Call).where(Call.owned_by(organization_id), Call.id == call_id).with_for_update()
        call: Call | None = await self._session.scalar(query)
        if call is None:
            raise NotFound
        call.price_due_at = None
        if not price.is_in_dollars:
            call.foreign_price_micros, call.foreign_currency = price.micros, price.currency
            return call
        delta = UsageDelta(micros=price.micros - call.cost_micros)
        call.cost_micros, call.is_priced = price.micros, True
        call.foreign_price_micros = call.foreign_currency = None
        await self._count(call, delta, used_at=call.ended_at)
        return call

    async def _lock_call(self, organization_id: UUID, carrier_sid: str) -> Call | None:
        query = sa.select(Call).where(Call.owned_by(organization_id), Call.carrier_sid == carrier_sid)
        call: Call | None = await self._session.scalar(query.with_for_update())
        return call

    async def _insert_event(self, call: Call, leg_sid: str, event: LegEvent) -> None:
        values = {
            "id": uuid7(),
            "organization_id": call.organization_id,
            "call_record_id": call.id,
            "leg_sid": leg_sid,
            **msgspec.structs.asdict(event),
        }
        await self._session.execute(insert(CallEvent).values(values).on_conflict_do_nothing())

    async def _release(self, call: Call, ended_before: datetime | None) -> None:
        release = Release.of(call, minutes=divide_up(call.duration, 60))
        release.mark(call)
        await self._count(call, release.delta, used_at=ended_before)

    async def _count(self, call: Call, delta: UsageDelta, *, used_at: datetime | None) -> None:
        """Add ``delta`` to the usage counters and alert owners of limits that it nearly uses up.

        ``used_at`` is when the call was counted first; None when it is counted now.
        """
        if delta == UsageDelta():
            return
        now = utc_now()
        counters = UsageCounters(self._session, call.organization_id, call.token_id, call.identity)
        usage = await counters.lock_and_read(now)
        await counters.apply(delta, used_at=used_at)
        is_of_today = used_at is None or used_at.date() == now.date()
        if self._alert_mailer is None or not is_of_today or (delta.minutes <= 0 and delta.micros <= 0):
            return
        context = await CallContextService(self._session).load(call.organization_id, call.token_id, now)
        if context is not None:
            alerts = LimitAlertService(self._session, self._alert_mailer)
            await alerts.check_usage(call.organization_id, call.token_id, context, usage, delta, now)


def _apply_state(call: Call, state: CallState) -> None:
    call.status, call.duration = state.status, state.duration
    call.answered_at, call.ended_at = state.answered_at, state.ended_at
    imposed = imposed_end(state, termination_reason=call.termination_reason, limit_minutes=call.limit_minutes)
    call.end_reason, call.carrier_error = imposed or state.end_reason, state.carrier_error


def _schedule_price(call: Call) -> None:
    if call.ended_at is not None and call.duration and carriers_price(call) is None:
        call.price_due_at = call.ended_at + PRICE_DELAY


def _leg_event(row: CallEvent) -> LegEvent:
    return LegEvent(
        is_child=row.is_child,
        kind=row.kind,
        sequence=row.sequence,
        occurred_at=row.occurred_at,
        duration=row.duration,
        sip_code=row.sip_code,
        dial_status=row.dial_status,
        error_code=row.error_code,
    )
