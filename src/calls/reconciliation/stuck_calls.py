"""Closes stuck calls: asks the carrier whether live calls without recent events are over, and records their ends."""

import asyncio
import datetime as dt
from uuid import UUID

import msgspec
import sqlalchemy as sa
import structlog

from calls.call_state import STATUS_BY_CARRIER_STATUS, LegEvent, undialled_status
from calls.leg_reports import is_leg_over, total_price
from calls.limits.alert_mails import AlertMailer
from calls.models import (
    LIVE_STATUSES,
    Call,
    CallEvent,
    CallStatus,
    Direction,
)
from calls.services import CallService
from calls.unmatched_events import UnmatchedEventMatcher
from carrier.port import Carrier, CarrierError, LegReport, NotFoundAtCarrier, Price
from kit.clock import utc_now
from kit.db.database import Database

STUCK_AFTER = dt.timedelta(minutes=2)
"""The time after a live call's last event after which it is stuck: the carrier reports changes within seconds."""
CONCURRENT_REQUESTS = 5
RECONCILED_SEQUENCE = 1_000_000
"""Sequence number of an end that we requested: it sorts last, so that an end which the carrier reports later wins."""
log = structlog.get_logger("epoch.calls")


class StuckCall(msgspec.Struct, frozen=True):
    """A live call without a recent event."""

    organization_id: UUID
    carrier_sid: str
    direction: str


class _CarrierEnd(msgspec.Struct, frozen=True):
    """The end of an outgoing call as the carrier lists it."""

    leg_sid: str
    event: LegEvent
    price: Price | None


class StuckCallReconciler:
    """Closes calls that are over at the carrier. Made once at start."""

    def __init__(
        self, job_database: Database, database: Database, carrier: Carrier, alert_mailer: AlertMailer | None = None
    ) -> None:
        """``job_database`` must see every organization's calls; changes are written through ``database``."""
        self._job_database = job_database
        self._database = database
        self._carrier = carrier
        self._alert_mailer = alert_mailer
        self._unmatched_events = UnmatchedEventMatcher(job_database, database, alert_mailer)

    async def run(self, now: dt.datetime | None = None) -> int:
        """Ask about each stuck call; return the number of closed ones. The next run repeats failed requests."""
        matched = await self._unmatched_events.run()
        stuck = await self._stuck_calls((now or utc_now()) - STUCK_AFTER)
        closed = unanswered = 0
        remaining = iter(stuck)

        async def work() -> None:
            nonlocal closed, unanswered
            for call in remaining:
                try:
                    # Two statements: ``closed += await …`` would lose what other tasks add during the wait.
                    is_over = await self._reconcile(call)
                    closed += is_over
                except CarrierError:
                    unanswered += 1

        async with asyncio.TaskGroup() as group:
            for _ in range(min(CONCURRENT_REQUESTS, len(stuck))):
                group.create_task(work())
        if matched or closed or unanswered:
            log.info("calls_reconciled", matched=matched, stuck=len(stuck), closed=closed, unanswered=unanswered)
        return closed

    async def _stuck_calls(self, since: dt.datetime) -> list[StuckCall]:
        recent_events = sa.select(CallEvent.id).where(CallEvent.call_record_id == Call.id, CallEvent.created_at > since)
        query = (
            sa.select(Call.organization_id, Call.carrier_sid, Call.direction)
            .where(Call.status.in_(LIVE_STATUSES), Call.started_at <= since, ~recent_events.exists())
            .order_by(Call.id)
        )
        async with self._job_database.sessions() as session:
            return [StuckCall(*row) for row in await session.execute(query)]

    async def _reconcile(self, call: StuckCall) -> bool:
        if call.direction == Direction.INBOUND:
            return await self._reconcile_incoming(call)
        end = await self._fetch_end(call.carrier_sid)
        if end is None:
            return False
        async with self._database.tenant_session(call.organization_id) as session:
            calls = CallService(session, alert_mailer=self._alert_mailer)
            row = await calls.record_event(call.organization_id, call.carrier_sid, end.leg_sid, end.event)
            if row is not None and end.price is not None:
                await calls.set_price(call.organization_id, row.id, end.price)
        return True

    async def _reconcile_incoming(self, call: StuckCall) -> bool:
        """Record the ends of all legs of an incoming call, once the parent leg has ended."""
        try:
            parent_leg = await self._carrier.leg(call.carrier_sid)
        except NotFoundAtCarrier:
            ends = [(call.carrier_sid, _leg_end(None, is_child=False))]
        else:
            if not is_leg_over(parent_leg):
                return False
            phones = [leg for leg in await self._carrier.dialled_legs(call.carrier_sid) if is_leg_over(leg)]
            ends = [(leg.sid, _leg_end(leg, is_child=True)) for leg in phones]
            ends.append((parent_leg.sid, _leg_end(parent_leg, is_child=False)))
        async with self._database.tenant_session(call.organization_id) as session:
            calls = CallService(session, alert_mailer=self._alert_mailer)
            for leg_sid, event in ends:
                await calls.record_event(call.organization_id, call.carrier_sid, leg_sid, event)
        return True

    async def _fetch_end(self, call_sid: str) -> _CarrierEnd | None:
        """The end of an outgoing call; None while it is live. Raises: CarrierError."""
        child_leg = next(iter(await self._carrier.dialled_legs(call_sid)), None)
        if child_leg is not None and not is_leg_over(child_leg):
            return None
        try:
            parent_leg = await self._carrier.leg(call_sid)
        except NotFoundAtCarrier:
            # The carrier never deletes live calls, so this call is over.
            if child_leg is None:
                return _CarrierEnd(call_sid, _end_event(CallStatus.FAILED), None)
            return _child_leg_end(child_leg, None)
        if child_leg is not None:
            return _child_leg_end(child_leg, parent_leg)
        if not is_leg_over(parent_leg):
            return None
        # The call ended before anybody was dialled, or its child leg was reported, but is not in the carrier's list.
        error_code = await self._carrier.call_error(call_sid)
        event = _end_event(undialled_status(parent_leg.status, error_code), parent_leg, error_code=error_code)
        return _CarrierEnd(call_sid, event, None)


def _child_leg_end(child_leg: LegReport, parent_leg: LegReport | None) -> _CarrierEnd:
    price = None if parent_leg is None else total_price((parent_leg, child_leg))
    return _CarrierEnd(child_leg.sid, _end_event(STATUS_BY_CARRIER_STATUS[child_leg.status], child_leg), price)


def _leg_end(leg: LegReport | None, *, is_child: bool) -> LegEvent:
    status = CallStatus.FAILED if leg is None else STATUS_BY_CARRIER_STATUS[leg.status]
    return msgspec.structs.replace(_end_event(status, leg), is_child=is_child)


def _end_event(status: CallStatus, leg: LegReport | None = None, *, error_code: int | None = None) -> LegEvent:
    return LegEvent(
        is_child=True,
        kind=status.value,
        sequence=RECONCILED_SEQUENCE,
        occurred_at=(leg and leg.ended_at) or utc_now(),
        duration=None if leg is None else leg.duration,
        error_code=error_code,
    )
