"""Compares a day's calls with the carrier's list of them and corrects what the carrier knows better.

Each call is corrected in a transaction of its own, together with its discrepancies, and each discrepancy is stored
once. So an interrupted run is simply repeated: what it corrected is equal by then.
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
"""After the end of the day: by then the carrier knows nearly every price."""
RECONCILE_AGAIN_DELAY = dt.timedelta(hours=20)
"""After the last comparison of a day whose prices are incomplete."""
MAX_DAYS_BACK = 7
"""Older days are compared only from the command line."""
_MIDNIGHT_SLACK = dt.timedelta(minutes=10)
_DAY = dt.timedelta(days=1)
log = structlog.get_logger("epoch.calls")


class DailyReconciler:
    """Reconciles days, oldest first. Made once at start."""

    def __init__(self, jobs: Database, carrier: Carrier, alert_mailer: AlertMailer | None = None) -> None:
        """``jobs`` must see every organization's calls."""
        self._jobs = jobs
        self._carrier = carrier
        self._corrector = CallCorrector(jobs, alert_mailer)
        self._incoming = IncomingReconciler(jobs, carrier, self._corrector)

    async def run(self, now: dt.datetime | None = None) -> list[ReconciledDay]:
        """Reconcile the days that are due. Raises: CarrierError; the next run reconciles that day again."""
        return [await self.reconcile(day) for day in await self._due(now or utc_now())]

    async def reconcile(self, day: dt.date) -> ReconciledDay:
        """Reconcile the calls that began on ``day``, UTC, even if they were before. Raises: CarrierError."""
        async with self._jobs.sessions() as session, session.begin():
            begun = insert(ReconciledDay).values(id=uuid7(), day=day)
            await session.execute(begun.on_conflict_do_update(index_elements=["day"], set_={"compared_at": None}))
            # Those that persist are found again.
            still_open = CallDiscrepancy.day == day, CallDiscrepancy.corrected_at.is_(None)
            await session.execute(sa.delete(CallDiscrepancy).where(*still_open))
        found = await self._compare_day(day, await self._fetch_carrier_calls(day))
        async with self._jobs.sessions() as session, session.begin():
            of_day = CallDiscrepancy.day == day
            corrected = sa.func.count(CallDiscrepancy.corrected_at)
            counts = (await session.execute(sa.select(sa.func.count(), corrected).where(of_day))).one()
            found.corrected, found.open = counts[1], counts[0] - counts[1]
            row = (await session.scalars(sa.select(ReconciledDay).where(ReconciledDay.day == day))).one()
            for name, value in msgspec.structs.asdict(found).items():
                setattr(row, name, value)
            row.compared_at = utc_now()
        log.info("calls_compared", day=day.isoformat(), **msgspec.structs.asdict(found))
        return row

    async def _due(self, now: dt.datetime) -> list[dt.date]:
        last = (now - RECONCILE_DELAY).date() - _DAY
        async with self._jobs.sessions() as session:
            since = ReconciledDay.day > last - MAX_DAYS_BACK * _DAY
            known = {row.day: row for row in await session.scalars(sa.select(ReconciledDay).where(since))}
        # The first run has no earlier days that anybody waits for.
        days = [last - number * _DAY for number in reversed(range(MAX_DAYS_BACK))] if known else [last]
        return [day for day in days if _is_due(known.get(day), now)]

    async def _fetch_carrier_calls(self, day: dt.date) -> CarrierCallList:
        listed = CarrierCallList()
        async for legs in self._carrier.legs_of_day(day):
            listed.add(legs)
        # A call just before midnight may be answered on the next day.
        midnight = dt.datetime.combine(day + _DAY, dt.time(), dt.UTC)
        for sid, caller in {**listed.callers, **listed.incoming}.items():
            is_late = caller.started_at is not None and caller.started_at >= midnight - _MIDNIGHT_SLACK
            if is_late and sid not in listed.dialled:
                listed.dialled[sid] = await self._carrier.dialled_legs(sid)
        return listed

    async def _compare_day(self, day: dt.date, listed: CarrierCallList) -> DayTotals:
        found = DayTotals(others_there=listed.other_calls)
        for sid in listed.callers:
            carrier_call = listed.get(sid)
            found.calls_there += 1
            found.seconds_there += carrier_call.seconds
            found.micros_there += carrier_call.dollar_micros
        async for calls in our_calls(self._jobs, day, Direction.OUTBOUND):
            for call in calls:
                found.calls_here += 1
                found.seconds_here += call.duration
                found.micros_here += call.cost_micros
                await self._compare_call(day, call, listed, found)
        await self._report_unknown(day, listed)
        await self._incoming.compare(day, listed, found)
        return found

    async def _compare_call(self, day: dt.date, call: Call, listed: CarrierCallList, found: DayTotals) -> None:
        sid = call.carrier_sid
        is_listed = sid in listed.callers
        carrier_call = listed.match(sid) if is_listed else await fetch_carrier_call(self._carrier, sid)
        if call.erased_at is not None:
            return  # It is erased at the carrier as well, or will be.
        if carrier_call is None:
            await self._corrector.report_missing(day, call, f"{call.status.value}, {call.duration} s")
            return
        if not is_listed:
            # By the carrier's clock the call began on the day before or after.
            found.calls_there += 1
            found.seconds_there += carrier_call.seconds
            found.micros_there += carrier_call.dollar_micros
        if not carrier_call.is_over:
            return
        if carrier_call.price is None:
            found.unpriced += 1
        discrepancies = find_discrepancies(call, carrier_call)
        await self._corrector.correct(day, call, carrier_call, discrepancies, [carrier_call.end])

    async def _report_unknown(self, day: dt.date, listed: CarrierCallList) -> None:
        """Report billable calls of the list that we have no record of at all."""
        left = [sid for sid in listed.callers if sid not in listed.matched]
        for start in range(0, len(left), CALLS_PER_BATCH):
            some = left[start : start + CALLS_PER_BATCH]
            async with self._jobs.sessions() as session, session.begin():
                known = set(await session.scalars(sa.select(Call.carrier_sid).where(Call.carrier_sid.in_(some))))
                for sid in some:
                    carrier_call = listed.get(sid)
                    if sid in known or not carrier_call.is_billable:
                        continue
                    there = f"{carrier_call.status.value}, {carrier_call.seconds} s"
                    item = Discrepancy(DiscrepancyKind.UNKNOWN_HERE, "", there, is_correctable=False)
                    await store_discrepancy(session, day, sid, item, token_id=placing_token(carrier_call.caller))


def _is_due(day: ReconciledDay | None, now: dt.datetime) -> bool:
    if day is None or day.compared_at is None:
        return True
    return bool(day.unpriced) and day.compared_at < now - RECONCILE_AGAIN_DELAY
