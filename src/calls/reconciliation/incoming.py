"""Compares a day's incoming calls with the carrier's list, and corrects the ends, minutes and prices of ours."""

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

    def __init__(self, job_database: Database, carrier: Carrier, corrector: CallCorrector) -> None:
        """``job_database`` must see every organization's calls."""
        self._job_database = job_database
        self._carrier = carrier
        self._corrector = corrector

    async def compare(self, day: dt.date, carrier_list: CarrierCallList, totals: DayTotals) -> None:
        """Compare our records of ``day`` with the carrier's list, and add both to ``totals``. Raises: CarrierError."""
        async for calls in our_calls(self._job_database, day, Direction.INBOUND):
            accepting = await self._accepting_legs(calls)
            for call in calls:
                totals.calls_here += 1
                totals.seconds_here += call.duration
                totals.micros_here += call.cost_micros
                await self._compare_call(day, call, accepting.get(call.id), carrier_list, totals)
        await self._report_unknown(day, carrier_list, totals)

    async def _compare_call(
        self, day: dt.date, call: Call, accepting: str | None, carrier_list: CarrierCallList, totals: DayTotals
    ) -> None:
        sid = call.carrier_sid
        is_listed = sid in carrier_list.incoming
        carrier_call = carrier_list.match(sid) if is_listed else await fetch_carrier_call(self._carrier, sid)
        if carrier_call is not None:
            totals.calls_there += 1
            totals.seconds_there += _connected_seconds(carrier_call, accepting)
            totals.micros_there += carrier_call.dollar_micros
        if call.erased_at is not None:
            return  # The carrier's call is erased as well, or will be.
        if carrier_call is None:
            await self._corrector.report_missing(day, call, f"{call.status.value}, {call.billed_minutes} min")
            return
        if not carrier_call.is_over:
            return
        if carrier_call.price is None:
            totals.unpriced += 1
        ends = [(leg.sid, _end_of(leg)) for leg in (*carrier_call.child_legs, carrier_call.parent_leg)]
        await self._corrector.correct(day, call, carrier_call, find_incoming_discrepancies(call, carrier_call), ends)

    async def _report_unknown(self, day: dt.date, carrier_list: CarrierCallList, totals: DayTotals) -> None:
        """Store discrepancies of billable calls to our numbers without a record; count calls to other numbers."""
        unmatched = [sid for sid in carrier_list.incoming if sid not in carrier_list.matched]
        for start in range(0, len(unmatched), CALLS_PER_BATCH):
            batch = unmatched[start : start + CALLS_PER_BATCH]
            called = {carrier_list.incoming[sid].called for sid in batch}
            async with self._job_database.sessions() as session, session.begin():
                our_numbers = set(
                    await session.scalars(sa.select(PhoneNumber.e164).where(PhoneNumber.e164.in_(called)))
                )
                recorded_calls = set(
                    await session.scalars(sa.select(Call.carrier_sid).where(Call.carrier_sid.in_(batch)))
                )
                for sid in batch:
                    if carrier_list.incoming[sid].called not in our_numbers:
                        totals.others_there += 1
                        continue
                    carrier_call = carrier_list.get(sid)
                    # Calls that were rejected unanswered, as in a flood of calls, have no record and cost nothing.
                    if sid in recorded_calls or not (carrier_call.is_billable or carrier_call.parent_leg.duration):
                        continue
                    totals.calls_there += 1
                    totals.micros_there += carrier_call.dollar_micros
                    carrier_value = f"{carrier_call.parent_leg.status}, {leg_minutes(carrier_call)} min"
                    item = Discrepancy(DiscrepancyKind.UNKNOWN_TO_US, "", carrier_value, is_correctable=False)
                    await store_discrepancy(session, day, sid, item)

    async def _accepting_legs(self, calls: Sequence[Call]) -> Mapping[UUID, str]:
        """The carrier's ids of the forwarded phones' legs that accepted ``calls``, by the call's id."""
        query = sa.select(CallEvent.call_record_id, CallEvent.leg_sid).where(
            CallEvent.call_record_id.in_([call.id for call in calls if call.answered_at is not None]),
            CallEvent.kind == ACCEPTED,
        )
        async with self._job_database.sessions() as session:
            return {row.call_record_id: row.leg_sid for row in await session.execute(query)}


def find_incoming_discrepancies(call: Call, carrier_call: CarrierCall) -> list[Discrepancy]:
    """The discrepancies of an incoming call that is over at the carrier.

    Its status follows from events that we record; the carrier knows its end, the minutes of its legs and its price.
    """
    if call.status is CallStatus.REFUSED:
        carrier_value = f"{carrier_call.parent_leg.status}, {leg_minutes(carrier_call)} min"
        dialled = Discrepancy(DiscrepancyKind.DIALLED_THOUGH_REFUSED, "refused", carrier_value, is_correctable=False)
        return [dialled] if carrier_call.child_legs else []
    found = []
    if not call.status.is_final:
        found.append(Discrepancy(DiscrepancyKind.STATUS, call.status.value, carrier_call.parent_leg.status))
    if call.billed_minutes != (minutes := leg_minutes(carrier_call)):
        found.append(Discrepancy(DiscrepancyKind.DURATION, f"{call.billed_minutes} min", f"{minutes} min"))
    return [*found, *price_discrepancies(call, carrier_call)]


def leg_minutes(carrier_call: CarrierCall) -> int:
    """The minutes of all legs, each rounded up, as the carrier bills them."""
    return sum(divide_up(leg.duration or 0, 60) for leg in (carrier_call.parent_leg, *carrier_call.child_legs))


def _connected_seconds(carrier_call: CarrierCall, accepting: str | None) -> int:
    return sum(leg.duration or 0 for leg in carrier_call.child_legs if leg.sid == accepting)


def _end_of(leg: LegReport) -> LegEvent:
    return LegEvent(
        is_child=leg.parent_sid is not None,
        kind=STATUS_BY_CARRIER_STATUS[leg.status].value,
        sequence=FIRST_CORRECTION_SEQUENCE,
        occurred_at=leg.ended_at or leg.started_at or utc_now(),
        duration=leg.duration,
    )
