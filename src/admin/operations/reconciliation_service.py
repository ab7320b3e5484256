"""Reads the results of the comparisons with the carrier: compared days, and open differences of calls and numbers."""

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
    """The latest compared days, the newest first."""
    calls: Sequence[CallDiscrepancy]
    """Differences of calls that no rule corrected."""
    numbers: Sequence[NumberDiscrepancy]
    numbers_compared_at: dt.datetime | None
    """Minute of the last comparison of numbers; None when there was none within a day."""

    @property
    def open_count(self) -> int:
        return len(self.calls) + len(self.numbers)


class ReconciliationSummaryService:
    """Reads the results of the comparisons with the carrier."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def read(self, limit: int, now: dt.datetime) -> ReconciliationSummary:
        """Read the last days, and at most ``limit`` differences of each kind."""
        days = sa.select(ReconciledDay).order_by(ReconciledDay.day.desc()).limit(COMPARED_DAYS)
        calls = sa.select(CallDiscrepancy).where(CallDiscrepancy.corrected_at.is_(None))
        calls = calls.order_by(CallDiscrepancy.id.desc()).limit(limit)
        numbers = sa.select(NumberDiscrepancy).order_by(NumberDiscrepancy.id.desc()).limit(limit)
        compared = sa.select(sa.func.max(MinuteCounter.minute)).where(
            MinuteCounter.minute >= now - dt.timedelta(days=1), MinuteCounter.name == COMPARED_COUNTER
        )
        return ReconciliationSummary(
            days=(await self._session.scalars(days)).all(),
            calls=(await self._session.scalars(calls)).all(),
            numbers=(await self._session.scalars(numbers)).all(),
            numbers_compared_at=await self._session.scalar(compared),
        )
