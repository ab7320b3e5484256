"""Sets records right: gives orphan events to their calls, and asks the carrier how quiet calls stand."""

import asyncio
import datetime as dt
from uuid import UUID

import msgspec
import sqlalchemy as sa
import structlog

from calls.call_state import STATUS_BY_CARRIER_STATUS, LegEvent
from calls.leg_reports import is_leg_over, total_price
from calls.limits.limit_alerts import LimitAlerts
from calls.models import (
    LIVE_STATUSES,
    Call,
    CallEvent,
    CallStatus,
)
from calls.services import CallService
from calls.unmatched_events import link_orphans
from carrier.port import Carrier, CarrierError, LegReport, NotFoundAtCarrier
from kit.clock import utc_now
from kit.db.database import Database

STUCK_AFTER = dt.timedelta(minutes=2)
"""After its last event; the carrier tells of each change within seconds."""
CONCURRENT_REQUESTS = 5
RECONCILED_SEQUENCE = 1_000_000
"""The sequence number of what was asked instead of told: should the carrier's own word come after all, that counts."""
log = structlog.get_logger("epoch.voice")


class StuckCall(msgspec.Struct, frozen=True):
    """A live call that nothing was heard of lately."""

    organization_id: UUID
    carrier_sid: str


class _CarrierEnd(msgspec.Struct, frozen=True):
    """What the carrier's books say of a call that is over."""

    leg_sid: str
    event: LegEvent
    price_micros: int | None


class StuckCallReconciler:
    """Closes calls that the carrier says, or has said, are over."""

    def __init__(self, jobs: Database, database: Database, carrier: Carrier, watch: LimitAlerts | None = None) -> None:
        """``jobs`` sees every organization's calls; what is found out is written through ``database``."""
        self._jobs = jobs
        self._database = database
        self._carrier = carrier
        self._watch = watch

    async def run(self, now: dt.datetime | None = None) -> int:
        """Ask about each quiet call; return how many are over. What gets no answer waits for the next run."""
        linked = await link_orphans(self._jobs, self._database, self._watch)
        quiet = await self._stuck_calls((now or utc_now()) - STUCK_AFTER)
        closed = unanswered = 0
        todo = iter(quiet)

        async def work() -> None:
            nonlocal closed, unanswered
            for call in todo:
                try:
                    # Not in one expression: it would be read before the wait and written after it.
                    is_over = await self._reconcile(call)
                    closed += is_over
                except CarrierError:
                    unanswered += 1

        async with asyncio.TaskGroup() as group:
            for _ in range(min(CONCURRENT_REQUESTS, len(quiet))):
                group.create_task(work())
        if linked or closed or unanswered:
            log.info("calls_reconciled", linked=linked, quiet=len(quiet), closed=closed, unanswered=unanswered)
        return closed

    async def _stuck_calls(self, since: dt.datetime) -> list[StuckCall]:
        heard = sa.select(CallEvent.id).where(CallEvent.call_record_id == Call.id, CallEvent.created_at > since)
        query = (
            sa.select(Call.organization_id, Call.carrier_sid)
            .where(Call.status.in_(LIVE_STATUSES), Call.started_at <= since, ~heard.exists())
            .order_by(Call.id)
        )
        async with self._jobs.sessions() as session:
            return [StuckCall(*row) for row in await session.execute(query)]

    async def _reconcile(self, call: StuckCall) -> bool:
        standing = await self._fetch_end(call.carrier_sid)
        if standing is None:
            return False
        async with self._database.tenant_session(call.organization_id) as session:
            calls, place = CallService(session), (call.organization_id, call.carrier_sid)
            row = await calls.record_event(*place, standing.leg_sid, standing.event, watch=self._watch)
            if row is not None and standing.price_micros is not None:
                await calls.set_price(call.organization_id, row.id, standing.price_micros, watch=self._watch)
        return True

    async def _fetch_end(self, call_sid: str) -> _CarrierEnd | None:
        """What the carrier knows of the call's end; None while it is not over. Raises: CarrierError."""
        dialled = next(iter(await self._carrier.dialled_legs(call_sid)), None)
        if dialled is not None and not is_leg_over(dialled):
            return None
        try:
            caller = await self._carrier.leg(call_sid)
        except NotFoundAtCarrier:
            # Live calls are never deleted there: whatever it was, it is over.
            return (
                _CarrierEnd(call_sid, _end_event(CallStatus.FAILED), None)
                if dialled is None
                else _end_of(dialled, None)
            )
        if dialled is not None:
            return _end_of(dialled, caller)
        # Over before anybody was dialled. A leg that we heard of and the carrier does not is closed by this too.
        return _CarrierEnd(call_sid, _end_event(CallStatus.CANCELED, caller), None) if is_leg_over(caller) else None


def _end_of(dialled: LegReport, caller: LegReport | None) -> _CarrierEnd:
    price = None if caller is None else total_price((caller, dialled))
    return _CarrierEnd(dialled.sid, _end_event(STATUS_BY_CARRIER_STATUS[dialled.status], dialled), price)


def _end_event(status: CallStatus, leg: LegReport | None = None) -> LegEvent:
    return LegEvent(
        is_child=True,
        kind=status.value,
        sequence=RECONCILED_SEQUENCE,
        occurred_at=(leg and leg.ended_at) or utc_now(),
        duration=None if leg is None else leg.duration,
    )
