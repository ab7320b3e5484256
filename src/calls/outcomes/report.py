"""Sums an organization's outgoing calls of two months by outcome."""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from calls.aggregates import CallTotals, outgoing_since, totals_columns
from calls.models import Call
from calls.outcomes.services import OutcomeService
from kit.time_zones import start_of_day

MAX_REPORTED = 100
"""The number of outcomes that a month lists, the most frequent first. Calls keep outcomes that were removed since."""


class OutcomeUsage(msgspec.Struct, frozen=True):
    """The calls with one outcome in one month."""

    outcome: str
    counts_as_conversation: bool
    """As in the organization's present list; False for an outcome that is no longer in it."""
    totals: CallTotals


class OutcomeReportService:
    """Sums of calls by outcome."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def this_and_last_month(
        self, organization_id: UUID, *, this_month: dt.date, last_month: dt.date, zone: dt.tzinfo
    ) -> tuple[Sequence[OutcomeUsage], Sequence[OutcomeUsage]]:
        """The outcomes of two months, given by their first days in ``zone``; the most frequent outcome first."""
        is_this_month = Call.started_at >= start_of_day(this_month, zone)
        query = (
            sa.select(is_this_month, Call.outcome, *totals_columns())
            .where(*outgoing_since(organization_id, start_of_day(last_month, zone)), Call.outcome.is_not(None))
            .group_by(sa.literal_column("1"), Call.outcome)
        )
        listed = await OutcomeService(self._session).list_all(organization_id)
        conversations = {outcome.name for outcome in listed if outcome.counts_as_conversation}
        months: dict[bool, list[OutcomeUsage]] = {True: [], False: []}
        for of_this_month, outcome, *sums in await self._session.execute(query):
            name = outcome or ""
            months[of_this_month].append(OutcomeUsage(name, name in conversations, CallTotals(*sums)))
        for month in months.values():
            month.sort(key=lambda use: (-use.totals.calls, use.outcome))
        return months[True][:MAX_REPORTED], months[False][:MAX_REPORTED]
