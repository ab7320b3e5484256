"""Compares a day's calls with the carrier's list, corrects our records, and stores the discrepancies.

Each call is corrected in its own transaction together with its discrepancies, and each discrepancy is stored once. So
an interrupted run can be repeated: calls that it corrected no longer differ.
"""

import datetime as dt

import msgspec
import sqlalchemy as sa
import structlog
from sqlalchemy.dialects.postgresql import insert
from uuid_utils.compat import uuid7

from calls.limits.alert_mails import AlertMailer
from calls.models import Call, Direction
from calls.reconciliation.carrier_calls import (
    CALLS_PER_BATCH,
    CarrierCallList,
    DayTotals,
    fetch_carrier_call,
    our_calls,
    store_discrepancy,
)
from calls.reconciliation.corrections import CallCorrector
from calls.reconciliation.discrepancies import (
    Discrepancy,
    find_discrepancies,
    placing_token,
)
from calls.reconciliation.incoming import IncomingReconciler
from calls.reconciliation.models import CallDiscrepancy, DiscrepancyKind, ReconciledDay
from carrier.port import Carrier
from kit.clock import utc_now
from kit.db.database import Database

RECONCILE_DELAY = dt.timedelta(hours=3)
"""The wait after the end of a day before it is compared: by then the carrier has set nearly every price."""
RECONCILE_AGAIN_DELAY = dt.timedelta(hours=20)
"""The wait before a day with missing prices is compared again."""
MAX_DAYS_BACK = 7
"""Days before this are compared only from the command line."""
_MIDNIGHT_MARGIN = dt.timedelta(minutes=10)
_DAY = dt.timedelta(days=1)
log = structlog.get_logger("epoch.calls")


class DailyReconciler:
    """Reconciles days, oldest first. Made once at start."""

    def __init__(self, job_database: Database, carrier: Carrier, alert_mailer: AlertMailer | None = None) -> None:
        """``job_database`` must see every organization's calls."""
        self._job_database = job_database
        self._carrier = carrier
        self._corrector = CallCorrector(job_database, alert_mailer)
        self._incoming = IncomingReconciler(job_database, carrier, self._corrector)

    async def run(self, now: dt.datetime | None = None) -> list[ReconciledDay]:
        """Reconcile the days that are due. Raises: CarrierError; the next run reconciles that day again."""
        return [await self.reconcile(day) for day in await self._due(now or utc_now())]

    async def reconcile(self, day: dt.date) -> ReconciledDay:
        """Reconcile the calls that began on ``day``, UTC, even if that was done before. Raises: CarrierError."""
        async with self._job_database.sessions() as session, session.begin():
            begun = insert(ReconciledDay).values(id=uuid7(), day=day)
            await session.execute(begun.on_conflict_do_update(index_elements=["day"], set_={"compared_at": None}))
            # Open discrepancies that persist are found again.
            still_open = CallDiscrepancy.day == day, CallDiscrepancy.corrected_at.is_(None)
            await session.execute(sa.delete(CallDiscrepancy).where(*still_open))
        totals = await self._compare_day(day, await self._fetch_carrier_calls(day))
        async with self._job_database.sessions() as session, session.begin():
            of_day = CallDiscrepancy.day == day
            corrected = sa.func.count(CallDiscrepancy.corrected_at)
            counts = (await session.execute(sa.select(sa.func.count(), corrected).where(of_day))).one()
            totals.corrected, totals.open = counts[1], counts[0] - counts[1]
            row = (await session.scalars(sa.select(ReconciledDay).where(ReconciledDay.day == day))).one()
            for name, value in msgspec.structs.asdict(totals).items():
                setattr(row, name, value)
            row.compared_at = utc_now()
        log.info("calls_compared", day=day.isoformat(), **msgspec.structs.asdict(totals))
        return row

    async def _due(self, now: dt.datetime) -> list[dt.date]:
        last = (now - RECONCILE_DELAY).date() - _DAY
        async with self._job_database.sessions() as session:
            since = ReconciledDay.day > last - MAX_DAYS_BACK * _DAY
            known = {row.day: row for row in await session.scalars(sa.select(ReconciledDay).where(since))}
        # The very first run compares one day only.
        days = [last - number * _DAY for number in reversed(range(MAX_DAYS_BACK))] if known else [last]
        return [day for day in days if _is_due(known.get(day), now)]

    async def _fetch_carrier_calls(self, day: dt.date) -> CarrierCallList:
        carrier_list = CarrierCallList()
        async for legs in self._carrier.legs_of_day(day):
            carrier_list.add(legs)
        # The child leg of a call just before midnight may be in the list of the next day.
        midnight = dt.datetime.combine(day + _DAY, dt.time(), dt.UTC)
        for sid, parent_leg in {**carrier_list.outgoing, **carrier_list.incoming}.items():
            is_near_midnight = (
                parent_leg.started_at is not None and parent_leg.started_at >= midnight - _MIDNIGHT_MARGIN
            )
            if is_near_midnight and sid not in carrier_list.child_legs:
                carrier_list.child_legs[sid] = await self._carrier.dialled_legs(sid)
        return carrier_list

    async def _compare_day(self, day: dt.date, carrier_list: CarrierCallList) -> DayTotals:
        totals = DayTotals(others_there=carrier_list.other_calls)
        for sid in carrier_list.outgoing:
            carrier_call = carrier_list.get(sid)
            totals.calls_there += 1
            totals.seconds_there += carrier_call.seconds
            totals.micros_there += carrier_call.dollar_micros
        async for calls in our_calls(self._job_database, day, Direction.OUTBOUND):
            for call in calls:
                totals.calls_here += 1
                totals.seconds_here += call.duration
                totals.micros_here += call.cost_micros
                await self._compare_call(day, call, carrier_list, totals)
        await self._report_unknown(day, carrier_list)
        await self._incoming.compare(day, carrier_list, totals)
        return totals

    async def _compare_call(self, day: dt.date, call: Call, carrier_list: CarrierCallList, totals: DayTotals) -> None:
        sid = call.carrier_sid
        is_listed = sid in carrier_list.outgoing
        carrier_call = carrier_list.match(sid) if is_listed else await fetch_carrier_call(self._carrier, sid)
        if call.erased_at is not None:
            return  # The carrier's call is erased as well, or will be.
        if carrier_call is None:
            await self._corrector.report_missing(day, call, f"{call.status.value}, {call.duration} s")
            return
        if not is_listed:
            # By the carrier's clock the call began on another day.
            totals.calls_there += 1
            totals.seconds_there += carrier_call.seconds
            totals.micros_there += carrier_call.dollar_micros
        if not carrier_call.is_over:
            return
        if carrier_call.price is None:
            totals.unpriced += 1
        discrepancies = find_discrepancies(call, carrier_call)
        await self._corrector.correct(day, call, carrier_call, discrepancies, [carrier_call.end])

    async def _report_unknown(self, day: dt.date, carrier_list: CarrierCallList) -> None:
        """Store discrepancies of billable calls in the carrier's list that we have no record of."""
        unmatched = [sid for sid in carrier_list.outgoing if sid not in carrier_list.matched]
        for start in range(0, len(unmatched), CALLS_PER_BATCH):
            batch = unmatched[start : start + CALLS_PER_BATCH]
            async with self._job_database.sessions() as session, session.begin():
                known = set(await session.scalars(sa.select(Call.carrier_sid).where(Call.carrier_sid.in_(batch))))
                for sid in batch:
                    carrier_call = carrier_list.get(sid)
                    if sid in known or not carrier_call.is_billable:
                        continue
                    carrier_value = f"{carrier_call.status.value}, {carrier_call.seconds} s"
                    item = Discrepancy(DiscrepancyKind.UNKNOWN_TO_US, "", carrier_value, is_correctable=False)
                    await store_discrepancy(session, day, sid, item, token_id=placing_token(carrier_call.parent_leg))


def _is_due(day: ReconciledDay | None, now: dt.datetime) -> bool:
    if day is None or day.compared_at is None:
        return True
    return bool(day.unpriced) and day.compared_at < now - RECONCILE_AGAIN_DELAY
