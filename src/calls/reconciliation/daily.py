"""Compares a day's calls with the carrier's list of them and corrects what the carrier knows better.

Each call is corrected in a transaction of its own, together with its discrepancies, and each discrepancy is stored
once. So an interrupted run is simply repeated: what it corrected is equal by then.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from uuid import UUID

import msgspec
import sqlalchemy as sa
import structlog
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from calls.leg_reports import carriers_price
from calls.limits.alert_mails import AlertMailer
from calls.models import Call, CallStatus
from calls.reconciliation.discrepancies import (
    CarrierCall,
    Discrepancy,
    find_discrepancies,
    placing_token,
)
from calls.reconciliation.models import CallDiscrepancy, DiscrepancyKind, ReconciledDay
from calls.services import CallService
from carrier.port import Carrier, LegReport, NotFoundAtCarrier
from kit.clock import utc_now
from kit.db.database import Database
from kit.ids import first_uuid7

RECONCILE_DELAY = dt.timedelta(hours=3)
"""After the end of the day: by then the carrier knows nearly every price."""
RECONCILE_AGAIN_DELAY = dt.timedelta(hours=20)
"""After the last comparison of a day whose prices are incomplete."""
MAX_DAYS_BACK = 7
"""Older days are compared only from the command line."""
CALLS_PER_BATCH = 500
_MIDNIGHT_SLACK = dt.timedelta(minutes=10)
_MAX_CLOCK_SKEW = dt.timedelta(hours=1)
_DAY = dt.timedelta(days=1)
log = structlog.get_logger("epoch.calls")


class DailyReconciler:
    """Reconciles days, oldest first. Made once at start."""

    def __init__(self, jobs: Database, carrier: Carrier, alert_mailer: AlertMailer | None = None) -> None:
        """``jobs`` must see every organization's calls."""
        self._jobs = jobs
        self._carrier = carrier
        self._alert_mailer = alert_mailer

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

    async def _fetch_carrier_calls(self, day: dt.date) -> "_CarrierCallList":
        listed = _CarrierCallList()
        async for legs in self._carrier.legs_of_day(day):
            listed.add(legs)
        # A call just before midnight may be answered on the next day.
        midnight = dt.datetime.combine(day + _DAY, dt.time(), dt.UTC)
        for sid, caller in listed.callers.items():
            is_late = caller.started_at is not None and caller.started_at >= midnight - _MIDNIGHT_SLACK
            if is_late and sid not in listed.dialled:
                listed.dialled[sid] = await self._carrier.dialled_legs(sid)
        return listed

    async def _compare_day(self, day: dt.date, listed: "_CarrierCallList") -> "_DayTotals":
        found = _DayTotals(others_there=listed.other_calls)
        for sid in listed.callers:
            carrier_call = listed.get(sid)
            found.calls_there += 1
            found.seconds_there += carrier_call.seconds
            found.micros_there += carrier_call.dollar_micros
        async for calls in self._our_calls(day):
            for call in calls:
                found.calls_here += 1
                found.seconds_here += call.duration
                found.micros_here += call.cost_micros
                await self._compare_call(day, call, listed, found)
        await self._report_unknown(day, listed)
        return found

    async def _compare_call(self, day: dt.date, call: Call, listed: "_CarrierCallList", found: "_DayTotals") -> None:
        is_listed = call.carrier_sid in listed.callers
        carrier_call = listed.match(call.carrier_sid) if is_listed else await self._fetch_carrier_call(call.carrier_sid)
        if call.erased_at is not None:
            return  # It is erased at the carrier as well, or will be.
        if carrier_call is None:
            missing = Discrepancy(DiscrepancyKind.UNKNOWN_THERE, _describe(call), "", is_correctable=False)
            await self._correct(day, call, [missing])
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
        is_new_price = (
            call.status is not CallStatus.REFUSED and carrier_call.price is not None and carriers_price(call) is None
        )
        if discrepancies or is_new_price:
            await self._correct(day, call, discrepancies, carrier_call)

    async def _correct(
        self, day: dt.date, call: Call, discrepancies: Sequence[Discrepancy], carrier_call: CarrierCall | None = None
    ) -> None:
        """Correct our record and store its discrepancies in one transaction."""
        async with self._jobs.sessions() as session, session.begin():
            calls = CallService(session, alert_mailer=self._alert_mailer)
            correctable = {item.kind for item in discrepancies if item.is_correctable}
            if carrier_call is not None and correctable - {DiscrepancyKind.PRICE}:
                leg_sid, end = carrier_call.end
                await calls.correct_end(call.organization_id, call.carrier_sid, leg_sid, end)
            if carrier_call is not None and carrier_call.price is not None and call.status is not CallStatus.REFUSED:
                await calls.set_price(call.organization_id, call.id, carrier_call.price)
            for item in discrepancies:
                await _store_discrepancy(
                    session, day, call.carrier_sid, item, call_record_id=call.id, token_id=call.token_id
                )

    async def _report_unknown(self, day: dt.date, listed: "_CarrierCallList") -> None:
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
                    await _store_discrepancy(session, day, sid, item, token_id=placing_token(carrier_call.caller))

    async def _fetch_carrier_call(self, carrier_sid: str) -> CarrierCall | None:
        try:
            caller = await self._carrier.leg(carrier_sid)
        except NotFoundAtCarrier:
            return None
        return CarrierCall(caller, tuple(await self._carrier.dialled_legs(carrier_sid)))

    async def _our_calls(self, day: dt.date) -> AsyncIterator[Sequence[Call]]:
        start = dt.datetime.combine(day, dt.time(), dt.UTC)
        # Ids begin with their time, so the primary key finds the day.
        after, end = (first_uuid7(moment) for moment in (start - _MAX_CLOCK_SKEW, start + _DAY + _MAX_CLOCK_SKEW))
        while True:
            query = (
                sa.select(Call)
                .where(Call.id > after, Call.id < end, Call.started_at >= start, Call.started_at < start + _DAY)
                .order_by(Call.id)
                .limit(CALLS_PER_BATCH)
            )
            async with self._jobs.sessions() as session:
                calls = (await session.scalars(query)).all()
            if not calls:
                return
            yield calls
            after = calls[-1].id


class _DayTotals(msgspec.Struct):
    """The sums of a ``ReconciledDay``."""

    calls_here: int = 0
    calls_there: int = 0
    seconds_here: int = 0
    seconds_there: int = 0
    micros_here: int = 0
    micros_there: int = 0
    others_there: int = 0
    unpriced: int = 0
    corrected: int = 0
    open: int = 0


class _CarrierCallList:
    """The carrier's calls of a day, by the caller's leg."""

    def __init__(self) -> None:
        self.callers: dict[str, LegReport] = {}
        self.dialled: defaultdict[str, list[LegReport]] = defaultdict(list)
        self.matched: set[str] = set()
        self.other_calls = 0

    def add(self, legs: Sequence[LegReport]) -> None:
        for leg in legs:
            if leg.parent_sid is not None:
                self.dialled[leg.parent_sid].append(leg)
            elif placing_token(leg) is not None:
                self.callers[leg.sid] = leg
            else:
                self.other_calls += 1

    def get(self, sid: str) -> CarrierCall:
        return CarrierCall(self.callers[sid], tuple(self.dialled.get(sid, ())))

    def match(self, sid: str) -> CarrierCall:
        """The call, which has a record here."""
        self.matched.add(sid)
        return self.get(sid)


def _is_due(day: ReconciledDay | None, now: dt.datetime) -> bool:
    if day is None or day.compared_at is None:
        return True
    return bool(day.unpriced) and day.compared_at < now - RECONCILE_AGAIN_DELAY


def _describe(call: Call) -> str:
    return f"{call.status.value}, {call.duration} s"


async def _store_discrepancy(
    session: AsyncSession,
    day: dt.date,
    carrier_sid: str,
    item: Discrepancy,
    *,
    call_record_id: UUID | None = None,
    token_id: UUID | None = None,
) -> None:
    corrected_at = utc_now() if item.is_correctable else None
    values = {
        "id": uuid7(),
        "day": day,
        "kind": item.kind,
        "carrier_sid": carrier_sid,
        "call_record_id": call_record_id,
        "token_id": token_id,
        "here": item.here,
        "there": item.there,
        "corrected_at": corrected_at,
    }
    again = {"here": item.here, "there": item.there, "corrected_at": corrected_at}
    statement = insert(CallDiscrepancy).values(values)
    await session.execute(statement.on_conflict_do_update(index_elements=["carrier_sid", "kind"], set_=again))
