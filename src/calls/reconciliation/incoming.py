"""Compares a day's incoming calls with the carrier's list, and corrects the minutes of their legs and their prices."""

import datetime as dt
from collections.abc import Mapping, Sequence
from uuid import UUID

import sqlalchemy as sa

from calls.call_state import FIRST_CORRECTION_SEQUENCE, STATUS_BY_CARRIER_STATUS, LegEvent
from calls.incoming.call_state import ACCEPTED
from calls.models import Call, CallEvent, CallStatus, Direction
from calls.reconciliation.carrier_calls import (
    CALLS_PER_BATCH,
    CarrierCallList,
    DayTotals,
    fetch_carrier_call,
    our_calls,
    store_discrepancy,
)
from calls.reconciliation.corrections import CallCorrector
from calls.reconciliation.discrepancies import CarrierCall, Discrepancy, price_discrepancies
from calls.reconciliation.models import DiscrepancyKind
from carrier.port import Carrier, LegReport
from kit.clock import utc_now
from kit.db.database import Database
from kit.rounding import divide_up
from tenants.models import PhoneNumber


class IncomingReconciler:
    """Reconciles the incoming calls of one day at a time. Made once at start."""

    def __init__(self, jobs: Database, carrier: Carrier, corrector: CallCorrector) -> None:
        """``jobs`` must see every organization's calls."""
        self._jobs = jobs
        self._carrier = carrier
        self._corrector = corrector

    async def compare(self, day: dt.date, listed: CarrierCallList, found: DayTotals) -> None:
        """Compare our records of ``day`` with the carrier's calls, and add both to ``found``. Raises: CarrierError."""
        async for calls in our_calls(self._jobs, day, Direction.INBOUND):
            accepting = await self._accepting_legs(calls)
            for call in calls:
                found.calls_here += 1
                found.seconds_here += call.duration
                found.micros_here += call.cost_micros
                await self._compare_call(day, call, accepting.get(call.id), listed, found)
        await self._report_unknown(day, listed, found)

    async def _compare_call(
        self, day: dt.date, call: Call, accepting: str | None, listed: CarrierCallList, found: DayTotals
    ) -> None:
        sid = call.carrier_sid
        is_listed = sid in listed.incoming
        carrier_call = listed.match(sid) if is_listed else await fetch_carrier_call(self._carrier, sid)
        if carrier_call is not None:
            found.calls_there += 1
            found.seconds_there += _connected_seconds(carrier_call, accepting)
            found.micros_there += carrier_call.dollar_micros
        if call.erased_at is not None:
            return  # It is erased at the carrier as well, or will be.
        if carrier_call is None:
            await self._corrector.report_missing(day, call, f"{call.status.value}, {call.billed_minutes} min")
            return
        if not carrier_call.is_over:
            return
        if carrier_call.price is None:
            found.unpriced += 1
        ends = [(leg.sid, _end_of(leg)) for leg in (*carrier_call.dialled, carrier_call.caller)]
        await self._corrector.correct(day, call, carrier_call, find_incoming_discrepancies(call, carrier_call), ends)

    async def _report_unknown(self, day: dt.date, listed: CarrierCallList, found: DayTotals) -> None:
        """Report billable calls to our numbers that we have no record of; count those to other numbers as others."""
        left = [sid for sid in listed.incoming if sid not in listed.matched]
        for start in range(0, len(left), CALLS_PER_BATCH):
            some = left[start : start + CALLS_PER_BATCH]
            called = {listed.incoming[sid].called for sid in some}
            async with self._jobs.sessions() as session, session.begin():
                ours = set(await session.scalars(sa.select(PhoneNumber.e164).where(PhoneNumber.e164.in_(called))))
                known = set(await session.scalars(sa.select(Call.carrier_sid).where(Call.carrier_sid.in_(some))))
                for sid in some:
                    if listed.incoming[sid].called not in ours:
                        found.others_there += 1
                        continue
                    carrier_call = listed.get(sid)
                    # Calls that were rejected unanswered, as those of a flood, have no record and cost nothing.
                    if sid in known or not (carrier_call.is_billable or carrier_call.caller.duration):
                        continue
                    found.calls_there += 1
                    found.micros_there += carrier_call.dollar_micros
                    there = f"{carrier_call.caller.status}, {leg_minutes(carrier_call)} min"
                    item = Discrepancy(DiscrepancyKind.UNKNOWN_HERE, "", there, is_correctable=False)
                    await store_discrepancy(session, day, sid, item)

    async def _accepting_legs(self, calls: Sequence[Call]) -> Mapping[UUID, str]:
        """The carrier's ids of the phones' legs that accepted ``calls``."""
        query = sa.select(CallEvent.call_record_id, CallEvent.leg_sid).where(
            CallEvent.call_record_id.in_([call.id for call in calls if call.answered_at is not None]),
            CallEvent.kind == ACCEPTED,
        )
        async with self._jobs.sessions() as session:
            return {row.call_record_id: row.leg_sid for row in await session.execute(query)}


def find_incoming_discrepancies(call: Call, carrier_call: CarrierCall) -> list[Discrepancy]:
    """The discrepancies of an incoming call that is over for the carrier.

    Its status follows from our own answers; the carrier knows that it is over, the minutes of its legs and the price.
    """
    if call.status is CallStatus.REFUSED:
        there = f"{carrier_call.caller.status}, {leg_minutes(carrier_call)} min"
        dialled = Discrepancy(DiscrepancyKind.DIALLED_THOUGH_REFUSED, "refused", there, is_correctable=False)
        return [dialled] if carrier_call.dialled else []
    found = []
    if not call.status.is_final:
        found.append(Discrepancy(DiscrepancyKind.STATUS, call.status.value, carrier_call.caller.status))
    if call.billed_minutes != (minutes := leg_minutes(carrier_call)):
        found.append(Discrepancy(DiscrepancyKind.DURATION, f"{call.billed_minutes} min", f"{minutes} min"))
    return [*found, *price_discrepancies(call, carrier_call)]


def leg_minutes(carrier_call: CarrierCall) -> int:
    """The minutes of all legs, each rounded up, as the carrier bills them."""
    return sum(divide_up(leg.duration or 0, 60) for leg in (carrier_call.caller, *carrier_call.dialled))


def _connected_seconds(carrier_call: CarrierCall, accepting: str | None) -> int:
    return sum(leg.duration or 0 for leg in carrier_call.dialled if leg.sid == accepting)


def _end_of(leg: LegReport) -> LegEvent:
    return LegEvent(
        is_child=leg.parent_sid is not None,
        kind=STATUS_BY_CARRIER_STATUS[leg.status].value,
        sequence=FIRST_CORRECTION_SEQUENCE,
        occurred_at=leg.ended_at or leg.started_at or utc_now(),
        duration=leg.duration,
    )
