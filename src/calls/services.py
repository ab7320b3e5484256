"""Reads calls and their events; records the carrier's events, corrected ends and prices; derives each call's state."""

import copy
import datetime as dt
from collections.abc import Sequence
from uuid import UUID

import msgspec
import sqlalchemy as sa
from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from sqlalchemy.ext.asyncio import AsyncSession

from calls.call_row import CallRow
from calls.call_state import (
    FIRST_CORRECTION_SEQUENCE,
    STATUS_BY_CARRIER_STATUS,
    CallState,
    LegEvent,
    derive_call_state,
    imposed_end,
)
from calls.event_statements import CallEventStatements
from calls.incoming.records import IncomingRecordService
from calls.incoming.usage_recorder import IncomingUsageRecorder
from calls.leg_reports import carrier_price
from calls.limits.alert_mails import AlertMailer
from calls.limits.call_context import CallContext, CallContextService, context_of
from calls.limits.call_duration import UsageSnapshot
from calls.limits.limit_alerts import LimitAlertService
from calls.limits.usage_counters import Release, UsageCounters, UsageDelta, usage_before
from calls.models import Call, CallEvent, CallStatus, Direction
from carrier.port import Price
from kit.clock import utc_now
from kit.errors import NotFound
from kit.rounding import divide_up

PRICE_DELAY = dt.timedelta(minutes=10)
"""The wait after a call's end before its price is requested: the carrier sets it some minutes later."""


class CallService:
    """Call records and their events, in the session's transaction."""

    class Repository(SQLAlchemyAsyncRepository[Call]):
        model_type = Call

    def __init__(self, session: AsyncSession, *, alert_mailer: AlertMailer | None = None) -> None:
        """``alert_mailer`` mails owners about limits that a call nearly uses up; without it they get no mail."""
        self._session = session
        self._repository = self.Repository(session=session)
        self._events = CallEventStatements(session)
        self._alert_mailer = alert_mailer

    async def get(self, organization_id: UUID, call_id: UUID) -> Call:
        """One call of the organization. Raises: NotFound."""
        call = await self._repository.get_one_or_none(Call.owned_by(organization_id), Call.id == call_id)
        if call is None:
            raise NotFound
        return call

    async def events(self, organization_id: UUID, call_id: UUID) -> Sequence[CallEvent]:
        """A call's events in the order of their times."""
        query = (
            sa.select(CallEvent)
            .where(CallEvent.owned_by(organization_id), CallEvent.call_record_id == call_id)
            .order_by(CallEvent.occurred_at, CallEvent.sequence, CallEvent.id)
        )
        return (await self._session.scalars(query)).all()

    async def visible_events(self, organization_id: UUID, call_id: UUID) -> list[CallEvent]:
        """A call's events as people see them: without ends that the daily reconciliation corrected later."""
        events = await self.events(organization_id, call_id)
        ends = [event for event in events if event.is_child and _is_final(event)]
        decisive = min(ends, key=lambda event: event.sequence, default=None)
        if decisive is None or decisive.sequence > FIRST_CORRECTION_SEQUENCE:
            return list(events)
        return [event for event in events if event not in ends or event is decisive]

    async def record_event(
        self, organization_id: UUID, parent_sid: str, leg_sid: str, event: LegEvent
    ) -> Call | CallRow | None:
        """Add ``event`` to its call and derive the call's state again; None when there is no such call.

        A call that is over releases its reservation and is charged for its minutes.
        """
        recorded = await self._events.record(organization_id, parent_sid, leg_sid, event)
        if recorded is None:
            return None
        call, events = recorded
        if call.status is CallStatus.REFUSED or call.erased_at is not None:
            return call
        if call.direction == Direction.INBOUND:
            return await self._derive_incoming(organization_id, parent_sid)
        before = copy.copy(call)
        state = derive_call_state(events)
        _apply_state(call, state)
        if before.has_ended and _visible_state(before) != _visible_state(call):
            call.version += 1
        release = None
        if call.status.is_final:
            _schedule_price(call)
            release = Release.of(call, minutes=divide_up(call.duration + state.playing_seconds, 60))
            release.apply_to(call)
        if release is not None and release.delta != UsageDelta() and call.token_id is not None:
            used_at = before.ended_at if before.status.is_final else None
            await self._store_end(call, call.token_id, release.delta, used_at=used_at)
        elif call != before:
            await self._events.store(call)
        return call

    async def correct_end(
        self, organization_id: UUID, parent_sid: str, leg_sid: str, end: LegEvent
    ) -> Call | CallRow | None:
        """Record ``end``, a leg's end in the carrier's list, so that it overrules all reported events of the leg."""
        # The id alone: the session must not cache a record that raw statements change.
        of_call = sa.select(Call.id).where(Call.owned_by(organization_id), Call.carrier_sid == parent_sid)
        call_id = await self._session.scalar(of_call.with_for_update())
        if call_id is None:
            return None
        lowest = sa.select(sa.func.min(CallEvent.sequence)).where(
            CallEvent.owned_by(organization_id), CallEvent.call_record_id == call_id
        )
        sequence = min(FIRST_CORRECTION_SEQUENCE, (await self._session.scalar(lowest) or 0) - 1)
        correction = msgspec.structs.replace(end, sequence=sequence)
        return await self.record_event(organization_id, parent_sid, leg_sid, correction)

    async def set_price(self, organization_id: UUID, call_id: UUID, price: Price) -> Call:
        """Store the carrier's price of a call.

        In US dollars it replaces the estimate, and corrects the spending of the day and the month in which the call
        ended, unless they are past. In another currency it is stored beside the estimate: only dollars are summed.

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
        await self._add_usage(call, delta, used_at=call.ended_at)
        return call

    async def lock(self, organization_id: UUID, carrier_sid: str) -> Call | None:
        """The call with this parent leg, locked until the transaction ends; None when there is none."""
        query = sa.select(Call).where(Call.owned_by(organization_id), Call.carrier_sid == carrier_sid)
        call: Call | None = await self._session.scalar(query.with_for_update())
        return call

    async def _derive_incoming(self, organization_id: UUID, carrier_sid: str) -> Call | None:
        """Lock an incoming call and derive it again from all its events."""
        call = await self.lock(organization_id, carrier_sid)
        if call is None:
            return None
        visible_before, has_ended = _visible_state(call), call.has_ended
        await IncomingRecordService(self._session, self._alert_mailer).derive(
            call, await self.events(organization_id, call.id)
        )
        if has_ended and visible_before != _visible_state(call):
            call.version += 1
        if call.status.is_final:
            _schedule_price(call)
        return call

    async def _store_end(
        self, call: CallRow, token_id: UUID, delta: UsageDelta, *, used_at: dt.datetime | None
    ) -> None:
        """Store a call that is over, and add ``delta`` to the usage counters; ``used_at`` as in ``_add_usage``."""
        now = utc_now()
        rows = await self._events.store_end(call, token_id, delta, now, used_at=used_at)
        if rows[0]["name"] is not None:
            context = context_of(rows[0], now)
            usage = context.with_incoming(usage_before(rows, delta))
            await self._alert(call.organization_id, token_id, context, usage, delta, now, used_at=used_at)

    async def _add_usage(self, call: Call, delta: UsageDelta, *, used_at: dt.datetime | None) -> None:
        """Add ``delta`` to the usage counters and alert owners of limits that are nearly used up by it.

        ``used_at`` is the time at which the call was counted before; None when it is counted for the first time.
        """
        if delta == UsageDelta():
            return
        if call.token_id is None:
            await IncomingUsageRecorder(self._session, self._alert_mailer).add(
                call.organization_id, minutes=delta.minutes, micros=delta.micros, used_at=used_at
            )
            return
        now = utc_now()
        counters = UsageCounters(self._session, call.organization_id, call.token_id, call.identity)
        usage = await counters.lock_and_read(now)
        await counters.apply(delta, used_at=used_at)
        context = await CallContextService(self._session).load(call.organization_id, call.token_id, now)
        if context is not None:
            usage = context.with_incoming(usage)
            await self._alert(call.organization_id, call.token_id, context, usage, delta, now, used_at=used_at)

    async def _alert(
        self,
        organization_id: UUID,
        token_id: UUID,
        context: CallContext,
        usage: UsageSnapshot,
        delta: UsageDelta,
        now: dt.datetime,
        *,
        used_at: dt.datetime | None,
    ) -> None:
        """Alert owners of limits that were nearly used up when ``delta`` was added to ``usage``."""
        is_of_today = used_at is None or used_at.astimezone(dt.UTC).date() == now.date()
        if self._alert_mailer is None or not is_of_today or (delta.minutes <= 0 and delta.micros <= 0):
            return
        alerts = LimitAlertService(self._session, self._alert_mailer)
        await alerts.check_usage(organization_id, token_id, context, usage, delta, now)


def _apply_state(call: CallRow, state: CallState) -> None:
    call.status, call.duration = state.status, state.duration
    call.answered_at, call.ended_at = state.answered_at, state.ended_at
    imposed = imposed_end(state, termination_reason=call.termination_reason, limit_minutes=call.limit_minutes)
    call.end_reason, call.carrier_error = imposed or state.end_reason, state.carrier_error


def _visible_state(call: Call | CallRow) -> tuple[object, ...]:
    """The columns of a call that its events determine and customers see."""
    return call.status, call.duration, call.answered_at, call.ended_at, call.end_reason, call.carrier_error


def _schedule_price(call: Call | CallRow) -> None:
    is_billed = call.duration or (call.direction == Direction.INBOUND and call.billed_minutes)
    if call.ended_at is not None and is_billed and carrier_price(call) is None:
        call.price_due_at = call.ended_at + PRICE_DELAY


def _is_final(event: CallEvent) -> bool:
    status = STATUS_BY_CARRIER_STATUS.get(event.kind)
    return status is not None and status.is_final
