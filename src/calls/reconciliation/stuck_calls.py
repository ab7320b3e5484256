"""Closes live calls that no event was reported of for a while: asks the carrier whether they are over."""

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
"""After a live call's last event; the carrier reports each change within seconds."""
CONCURRENT_REQUESTS = 5
RECONCILED_SEQUENCE = 1_000_000
"""Sequence number of an end that we asked for: it sorts last, so an end that the carrier reports later wins."""
log = structlog.get_logger("epoch.calls")


class StuckCall(msgspec.Struct, frozen=True):
    """A live call without a recent event."""

    organization_id: UUID
    carrier_sid: str
    direction: str


class _CarrierEnd(msgspec.Struct, frozen=True):
    """The end of a call as the carrier lists it."""

    leg_sid: str
    event: LegEvent
    price: Price | None


class StuckCallReconciler:
    """Closes calls that are over for the carrier. Made once at start."""

    def __init__(
        self, jobs: Database, database: Database, carrier: Carrier, alert_mailer: AlertMailer | None = None
    ) -> None:
        """``jobs`` must see every organization's calls; changes are written through ``database``."""
        self._jobs = jobs
        self._database = database
        self._carrier = carrier
        self._alert_mailer = alert_mailer
        self._unmatched_events = UnmatchedEventMatcher(jobs, database, alert_mailer)

    async def run(self, now: dt.datetime | None = None) -> int:
        """Ask about each stuck call; return how many are over. A failed request waits for the next run."""
        matched = await self._unmatched_events.run()
        stuck = await self._stuck_calls((now or utc_now()) - STUCK_AFTER)
        closed = unanswered = 0
        todo = iter(stuck)

        async def work() -> None:
            nonlocal closed, unanswered
            for call in todo:
                try:
                    # Not one expression: that would read ``closed`` before the wait and write it after.
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
        heard = sa.select(CallEvent.id).where(CallEvent.call_record_id == Call.id, CallEvent.created_at > since)
        query = (
            sa.select(Call.organization_id, Call.carrier_sid, Call.direction)
            .where(Call.status.in_(LIVE_STATUSES), Call.started_at <= since, ~heard.exists())
            .order_by(Call.id)
        )
        async with self._jobs.sessions() as session:
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
        """Record the ends of all legs of an incoming call, once the caller's is over."""
        try:
            caller = await self._carrier.leg(call.carrier_sid)
        except NotFoundAtCarrier:
            ends = [(call.carrier_sid, _leg_end(None, is_child=False))]
        else:
            if not is_leg_over(caller):
                return False
            phones = [leg for leg in await self._carrier.dialled_legs(call.carrier_sid) if is_leg_over(leg)]
            ends = [(leg.sid, _leg_end(leg, is_child=True)) for leg in phones]
            ends.append((caller.sid, _leg_end(caller, is_child=False)))
        async with self._database.tenant_session(call.organization_id) as session:
            calls = CallService(session, alert_mailer=self._alert_mailer)
            for leg_sid, event in ends:
                await calls.record_event(call.organization_id, call.carrier_sid, leg_sid, event)
        return True

    async def _fetch_end(self, call_sid: str) -> _CarrierEnd | None:
        """The call's end; None while it is not over. Raises: CarrierError."""
        dialled = next(iter(await self._carrier.dialled_legs(call_sid)), None)
        if dialled is not None and not is_leg_over(dialled):
            return None
        try:
            caller = await self._carrier.leg(call_sid)
        except NotFoundAtCarrier:
            # The carrier never deletes live calls, so this one is over.
            if dialled is None:
                return _CarrierEnd(call_sid, _end_event(CallStatus.FAILED), None)
            return _end_of(dialled, None)
        if dialled is not None:
            return _end_of(dialled, caller)
        if not is_leg_over(caller):
            return None
        # Over before anybody was dialled. This also closes a dialled leg that was reported but is not listed.
        error_code = await self._carrier.call_error(call_sid)
        event = _end_event(undialled_status(caller.status, error_code), caller, error_code=error_code)
        return _CarrierEnd(call_sid, event, None)


def _end_of(dialled: LegReport, caller: LegReport | None) -> _CarrierEnd:
    price = None if caller is None else total_price((caller, dialled))
    return _CarrierEnd(dialled.sid, _end_event(STATUS_BY_CARRIER_STATUS[dialled.status], dialled), price)


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
