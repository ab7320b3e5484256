"""Sets records right: gives orphan events to their calls, and asks the carrier how quiet calls stand."""

import asyncio
import datetime as dt
from uuid import UUID

import msgspec
import sqlalchemy as sa
import structlog

from calls.call_state import STATUS_OF_KIND, LegEvent
from calls.leg_reports import is_over, price_of
from calls.limits.limit_alerts import Watch
from calls.models import (
    LIVE_STATUSES,
    Call,
    CallEvent,
    CallStatus,
)
from calls.services import CallService
from calls.unmatched_events import link_orphans
from carrier.port import Carrier, CarrierError, LegReport, NotAtCarrier
from kit.clock import utc_now
from kit.db.database import Database

QUIET = dt.timedelta(minutes=2)
"""After its last event; the carrier tells of each change within seconds."""
AT_ONCE = 5
AFTER_ALL_EVENTS = 1_000_000
"""The sequence number of what was asked instead of told: should the carrier's own word come after all, that counts."""
log = structlog.get_logger("epoch.voice")


class QuietCall(msgspec.Struct, frozen=True):
    """A live call that nothing was heard of lately."""

    organization_id: UUID
    carrier_sid: str


class _Standing(msgspec.Struct, frozen=True):
    """What the carrier's books say of a call that is over."""

    leg_sid: str
    event: LegEvent
    price_micros: int | None


class CallReconciler:
    """Closes calls that the carrier says, or has said, are over."""

    def __init__(self, jobs: Database, database: Database, carrier: Carrier, watch: Watch | None = None) -> None:
        """``jobs`` sees every organization's calls; what is found out is written through ``database``."""
        self._jobs = jobs
        self._database = database
        self._carrier = carrier
        self._watch = watch

    async def run(self, now: dt.datetime | None = None) -> int:
        """Ask about each quiet call; return how many are over. What gets no answer waits for the next run."""
        linked = await link_orphans(self._jobs, self._database, self._watch)
        quiet = await self._quiet_calls((now or utc_now()) - QUIET)
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
            for _ in range(min(AT_ONCE, len(quiet))):
                group.create_task(work())
        if linked or closed or unanswered:
            log.info("calls_reconciled", linked=linked, quiet=len(quiet), closed=closed, unanswered=unanswered)
        return closed

    async def _quiet_calls(self, since: dt.datetime) -> list[QuietCall]:
        heard = sa.select(CallEvent.id).where(CallEvent.call_record_id == Call.id, CallEvent.created_at > since)
        query = (
            sa.select(Call.organization_id, Call.carrier_sid)
            .where(Call.status.in_(LIVE_STATUSES), Call.started_at <= since, ~heard.exists())
            .order_by(Call.id)
        )
        async with self._jobs.sessions() as session:
            return [QuietCall(*row) for row in await session.execute(query)]

    async def _reconcile(self, call: QuietCall) -> bool:
        standing = await self._ask(call.carrier_sid)
        if standing is None:
            return False
        async with self._database.tenant_session(call.organization_id) as session:
            calls, place = CallService(session), (call.organization_id, call.carrier_sid)
            row = await calls.record(*place, standing.leg_sid, standing.event, watch=self._watch)
            if row is not None and standing.price_micros is not None:
                await calls.set_price(call.organization_id, row.id, standing.price_micros, watch=self._watch)
        return True

    async def _ask(self, call_sid: str) -> _Standing | None:
        """What the carrier knows of the call's end; None while it is not over. Raises: CarrierError."""
        dialled = next(iter(await self._carrier.dialled_legs(call_sid)), None)
        if dialled is not None and not is_over(dialled):
            return None
        try:
            caller = await self._carrier.leg(call_sid)
        except NotAtCarrier:
            # Live calls are never deleted there: whatever it was, it is over.
            return _Standing(call_sid, _end(CallStatus.FAILED), None) if dialled is None else _told_by(dialled, None)
        if dialled is not None:
            return _told_by(dialled, caller)
        # Over before anybody was dialled. A leg that we heard of and the carrier does not is closed by this too.
        return _Standing(call_sid, _end(CallStatus.CANCELED, caller), None) if is_over(caller) else None


def _told_by(dialled: LegReport, caller: LegReport | None) -> _Standing:
    price = None if caller is None else price_of((caller, dialled))
    return _Standing(dialled.sid, _end(STATUS_OF_KIND[dialled.status], dialled), price)


def _end(status: CallStatus, leg: LegReport | None = None) -> LegEvent:
    return LegEvent(
        is_child=True,
        kind=status.value,
        sequence=AFTER_ALL_EVENTS,
        occurred_at=(leg and leg.ended_at) or utc_now(),
        duration=None if leg is None else leg.duration,
    )
