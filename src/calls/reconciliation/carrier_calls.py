"""The carrier's list of a day's calls, our records of that day, and what a comparison of both finds."""

import datetime as dt
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from calls.models import Call, Direction
from calls.reconciliation.discrepancies import CarrierCall, Discrepancy, placing_token
from calls.reconciliation.models import CallDiscrepancy
from carrier.port import Carrier, LegReport, NotFoundAtCarrier
from kit.clock import utc_now
from kit.db.database import Database
from kit.ids import first_uuid7

CALLS_PER_BATCH = 500
_MAX_CLOCK_SKEW = dt.timedelta(hours=1)
_DAY = dt.timedelta(days=1)


class DayTotals(msgspec.Struct):
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


class CarrierCallList:
    """The carrier's calls of a day, by the caller's leg: those of browsers, and those from outside to any number."""

    def __init__(self) -> None:
        self.callers: dict[str, LegReport] = {}
        self.incoming: dict[str, LegReport] = {}
        self.dialled: defaultdict[str, list[LegReport]] = defaultdict(list)
        self.matched: set[str] = set()
        self.other_calls = 0

    def add(self, legs: Sequence[LegReport]) -> None:
        for leg in legs:
            if leg.parent_sid is not None:
                self.dialled[leg.parent_sid].append(leg)
            elif placing_token(leg) is not None:
                self.callers[leg.sid] = leg
            elif leg.is_from_outside:
                self.incoming[leg.sid] = leg
            else:
                self.other_calls += 1

    def get(self, sid: str) -> CarrierCall:
        caller = self.callers.get(sid) or self.incoming[sid]
        return CarrierCall(caller, tuple(self.dialled.get(sid, ())))

    def match(self, sid: str) -> CarrierCall:
        """The call, which has a record here."""
        self.matched.add(sid)
        return self.get(sid)


async def fetch_carrier_call(carrier: Carrier, sid: str) -> CarrierCall | None:
    """The call with the caller's leg ``sid``, asked of the carrier; None when it has none. Raises: CarrierError."""
    try:
        caller = await carrier.leg(sid)
    except NotFoundAtCarrier:
        return None
    return CarrierCall(caller, tuple(await carrier.dialled_legs(sid)))


async def our_calls(jobs: Database, day: dt.date, direction: Direction) -> AsyncIterator[Sequence[Call]]:
    """The records of the calls that began on ``day``, UTC, in batches; ``jobs`` sees every organization's."""
    start = dt.datetime.combine(day, dt.time(), dt.UTC)
    # Ids begin with their time, so the primary key finds the day.
    after, end = (first_uuid7(moment) for moment in (start - _MAX_CLOCK_SKEW, start + _DAY + _MAX_CLOCK_SKEW))
    while True:
        query = (
            sa.select(Call)
            .where(
                Call.id > after,
                Call.id < end,
                Call.started_at >= start,
                Call.started_at < start + _DAY,
                Call.direction == direction,
            )
            .order_by(Call.id)
            .limit(CALLS_PER_BATCH)
        )
        async with jobs.sessions() as session:
            calls = (await session.scalars(query)).all()
        if not calls:
            return
        yield calls
        after = calls[-1].id


async def store_discrepancy(
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
