"""Data of the daily reconciliation: the carrier's calls of a day, our calls of the day, and the day's totals.

Also requests a call from the carrier, and stores discrepancies.
"""

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
    """The sums of a ``ReconciledDay``: ours (``here``) and the carrier's (``there``)."""

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
    """The carrier's calls of a day, by the id of the parent leg."""

    def __init__(self) -> None:
        self.outgoing: dict[str, LegReport] = {}
        """Parent legs of calls that widgets placed."""
        self.incoming: dict[str, LegReport] = {}
        """Parent legs of calls from outside, to any number of the account."""
        self.child_legs: defaultdict[str, list[LegReport]] = defaultdict(list)
        self.matched: set[str] = set()
        """Ids of calls that we have a record of."""
        self.other_calls = 0

    def add(self, legs: Sequence[LegReport]) -> None:
        """Add legs in any order."""
        for leg in legs:
            if leg.parent_sid is not None:
                self.child_legs[leg.parent_sid].append(leg)
            elif placing_token(leg) is not None:
                self.outgoing[leg.sid] = leg
            elif leg.is_from_outside:
                self.incoming[leg.sid] = leg
            else:
                self.other_calls += 1

    def get(self, sid: str) -> CarrierCall:
        parent_leg = self.outgoing.get(sid) or self.incoming[sid]
        return CarrierCall(parent_leg, tuple(self.child_legs.get(sid, ())))

    def match(self, sid: str) -> CarrierCall:
        """Mark the call as one that we have a record of, and return it."""
        self.matched.add(sid)
        return self.get(sid)


async def fetch_carrier_call(carrier: Carrier, sid: str) -> CarrierCall | None:
    """Request the call with the parent leg ``sid`` from the carrier; None when it has none. Raises: CarrierError."""
    try:
        parent_leg = await carrier.leg(sid)
    except NotFoundAtCarrier:
        return None
    return CarrierCall(parent_leg, tuple(await carrier.dialled_legs(sid)))


async def our_calls(job_database: Database, day: dt.date, direction: Direction) -> AsyncIterator[Sequence[Call]]:
    """Our records of the calls that began on ``day``, UTC, in batches; ``job_database`` must see all organizations."""
    start = dt.datetime.combine(day, dt.time(), dt.UTC)
    # Ids begin with the time of their creation, so the primary key finds the day.
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
        async with job_database.sessions() as session:
            calls = (await session.scalars(query)).all()
        if not calls:
            return
        yield calls
        after = calls[-1].id


async def store_discrepancy(
    session: AsyncSession,
    day: dt.date,
    carrier_sid: str,
    discrepancy: Discrepancy,
    *,
    call_record_id: UUID | None = None,
    token_id: UUID | None = None,
) -> None:
    """Store a discrepancy once for each call and kind; if it is correctable, as corrected now."""
    corrected_at = utc_now() if discrepancy.is_correctable else None
    values = {
        "id": uuid7(),
        "day": day,
        "kind": discrepancy.kind,
        "carrier_sid": carrier_sid,
        "call_record_id": call_record_id,
        "token_id": token_id,
        "here": discrepancy.our_value,
        "there": discrepancy.carrier_value,
        "corrected_at": corrected_at,
    }
    changed = {"here": discrepancy.our_value, "there": discrepancy.carrier_value, "corrected_at": corrected_at}
    statement = insert(CallDiscrepancy).values(values)
    await session.execute(statement.on_conflict_do_update(index_elements=["carrier_sid", "kind"], set_=changed))
