"""Where we and the carrier differ: about calls, day by day, and about numbers."""

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from calls.reconciliation.models import CallDiscrepancy, ReconciledDay
from kit.counters import MinuteCounter
from phone_numbers.models import NumberDiscrepancy
from phone_numbers.reconcile_job import COMPARED_COUNTER

DAYS = 3


class Reconciled(NamedTuple):
    """What the comparisons found last."""

    days: Sequence[ReconciledDay]
    """The newest first."""
    calls: Sequence[CallDiscrepancy]
    """What is for people to look at."""
    numbers: Sequence[NumberDiscrepancy]
    numbers_compared_at: dt.datetime | None
    """The minute of the last comparison of numbers; None when there was none for a day."""

    @property
    def open(self) -> int:
        return len(self.calls) + len(self.numbers)


async def reconciled(session: AsyncSession, limit: int, now: dt.datetime) -> Reconciled:
    """The last days, and at most ``limit`` differences of each kind."""
    days = sa.select(ReconciledDay).order_by(ReconciledDay.day.desc()).limit(DAYS)
    calls = sa.select(CallDiscrepancy).where(CallDiscrepancy.corrected_at.is_(None))
    calls = calls.order_by(CallDiscrepancy.id.desc()).limit(limit)
    numbers = sa.select(NumberDiscrepancy).order_by(NumberDiscrepancy.id.desc()).limit(limit)
    compared = MinuteCounter.minute >= now - dt.timedelta(days=1), MinuteCounter.name == COMPARED_COUNTER
    return Reconciled(
        days=(await session.scalars(days)).all(),
        calls=(await session.scalars(calls)).all(),
        numbers=(await session.scalars(numbers)).all(),
        numbers_compared_at=await session.scalar(sa.select(sa.func.max(MinuteCounter.minute)).where(*compared)),
    )
