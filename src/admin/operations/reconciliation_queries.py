"""Queries of the differences from the carrier: calls by day, and phone numbers."""

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from calls.reconciliation.models import CallDiscrepancy, ReconciledDay
from kit.counters import MinuteCounter
from phone_numbers.models import NumberDiscrepancy
from phone_numbers.reconcile_job import COMPARED_COUNTER

COMPARED_DAYS = 3


class ReconciliationSummary(NamedTuple):
    """Results of the last comparisons."""

    days: Sequence[ReconciledDay]
    """The newest is first."""
    calls: Sequence[CallDiscrepancy]
    """Differences that no rule corrected."""
    numbers: Sequence[NumberDiscrepancy]
    numbers_compared_at: dt.datetime | None
    """Minute of the last comparison of numbers; None when there was none within a day."""

    @property
    def open_count(self) -> int:
        return len(self.calls) + len(self.numbers)


async def read_reconciliation(session: AsyncSession, limit: int, now: dt.datetime) -> ReconciliationSummary:
    """Read the last days, and at most ``limit`` differences of each kind."""
    days = sa.select(ReconciledDay).order_by(ReconciledDay.day.desc()).limit(COMPARED_DAYS)
    calls = sa.select(CallDiscrepancy).where(CallDiscrepancy.corrected_at.is_(None))
    calls = calls.order_by(CallDiscrepancy.id.desc()).limit(limit)
    numbers = sa.select(NumberDiscrepancy).order_by(NumberDiscrepancy.id.desc()).limit(limit)
    compared = MinuteCounter.minute >= now - dt.timedelta(days=1), MinuteCounter.name == COMPARED_COUNTER
    return ReconciliationSummary(
        days=(await session.scalars(days)).all(),
        calls=(await session.scalars(calls)).all(),
        numbers=(await session.scalars(numbers)).all(),
        numbers_compared_at=await session.scalar(sa.select(sa.func.max(MinuteCounter.minute)).where(*compared)),
    )
