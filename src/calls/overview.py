"""Reads the figures of the dashboard's overview page from the database.

They are calls by day and by token, refusals by reason, the numbers of live and of incoming calls, and onboarding steps.
"""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from calls.aggregates import CallTotals, incoming_since, outgoing_since, refused_since, totals_columns
from calls.models import LIVE_STATUSES, Call
from kit.time_zones import start_of_day
from widget.models import EmbedToken
from widget.refusals import REFUSALS, Refusal

_DAY = dt.timedelta(days=1)


class DailyTotals(msgspec.Struct, frozen=True):
    """The outgoing calls that began on one day, in the organization's time zone."""

    day: dt.date
    totals: CallTotals


class TokenTotals(msgspec.Struct, frozen=True):
    """The calls made with one token."""

    token_id: UUID
    name: str
    totals: CallTotals


class RefusalCount(msgspec.Struct, frozen=True):
    """The number of calls that were refused for one reason."""

    refusal: Refusal
    calls: int


class CallCounts(msgspec.Struct, frozen=True):
    """The numbers of live calls and of incoming calls."""

    live: int
    """Live calls of both directions."""
    received: int
    """Incoming calls since the beginning of the week."""
    received_before: int
    """Incoming calls of the week before."""


class OnboardingProgress(msgspec.Struct, frozen=True):
    """The steps towards the first call that an organization has completed."""

    has_number: bool
    has_token: bool
    has_installed: bool
    """True when a page has loaded the phone with one of its tokens."""
    has_called: bool
    """True when a call was made with one of its tokens, from a page or as a test call."""

    @property
    def is_complete(self) -> bool:
        return self.has_number and self.has_token and self.has_installed and self.has_called


class OverviewService:
    """Reads what the overview page shows."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def daily_and_by_token(
        self, organization_id: UUID, *, until: dt.date, days: int, limit: int, zone: dt.tzinfo
    ) -> tuple[Sequence[DailyTotals], Sequence[TokenTotals]]:
        """Return the totals of outgoing calls on ``days`` days up to ``until``, and of the ``limit`` busiest tokens.

        Days are those of ``zone``: a day on which the clocks change has 23 or 25 hours.
        """
        dates = [until - _DAY * before for before in reversed(range(days))]
        # Computed here: the database has its own list of time zones, which may lack a name.
        starts = sa.literal([start_of_day(date, zone) for date in dates], sa.ARRAY(sa.TIMESTAMP(timezone=True)))
        calls = (
            sa.select(
                sa.func.width_bucket(Call.started_at, starts).label("day"),
                Call.token_id,
                Call.answered_at,
                Call.duration,
            )
            .where(*outgoing_since(organization_id, start_of_day(dates[0], zone)))
            .subquery()
        )
        query = sa.select(
            sa.func.grouping(calls.c.token_id), calls.c.day, calls.c.token_id, *totals_columns(calls.c)
        ).group_by(sa.func.grouping_sets(calls.c.day, calls.c.token_id))
        by_day: dict[dt.date, CallTotals] = {}
        by_token: dict[UUID, CallTotals] = {}
        for is_by_day, day, token_id, *sums in await self._session.execute(query):
            if is_by_day:
                by_day[dates[min(day, days) - 1]] = CallTotals(*sums)
            else:
                by_token[token_id] = CallTotals(*sums)
        busiest = sorted(by_token, key=lambda token_id: (-by_token[token_id].calls, token_id))[:limit]
        names = await self._token_names(organization_id, busiest)
        return (
            [DailyTotals(date, by_day.get(date, CallTotals())) for date in dates],
            [TokenTotals(token_id, names[token_id], by_token[token_id]) for token_id in busiest],
        )

    async def refusals_by_reason(self, organization_id: UUID, *, since: dt.datetime) -> Sequence[RefusalCount]:
        """Return the numbers of refused calls since ``since``, the most frequent reason first.

        Calls above the hourly cap of stored rejections are not among them.
        """
        count = sa.func.count().label("calls")
        query = (
            sa.select(Call.end_reason, count)
            .where(*refused_since(organization_id, since))
            .group_by(Call.end_reason)
            .order_by(count.desc(), Call.end_reason)
        )
        rows = (await self._session.execute(query)).all()
        return [RefusalCount(REFUSALS[row.end_reason], row.calls) for row in rows if row.end_reason in REFUSALS]

    async def counts_and_onboarding(
        self, organization_id: UUID, *, has_number: bool, week: dt.datetime, week_before: dt.datetime
    ) -> tuple[CallCounts, OnboardingProgress]:
        """Return the numbers of live and incoming calls, and the onboarding progress.

        ``week`` and ``week_before`` are the beginnings of the weeks whose incoming calls are counted.
        """
        live = sa.select(sa.func.count()).where(Call.owned_by(organization_id), Call.status.in_(LIVE_STATUSES))
        received, received_in_both = (
            sa.select(sa.func.count()).where(*incoming_since(organization_id, start)).scalar_subquery()
            for start in (week, week_before)
        )
        # Calls from the dashboard's own phone, and incoming ones, need no snippet on any page.
        tokens = sa.select(EmbedToken.id).where(
            EmbedToken.owned_by(organization_id), EmbedToken.for_dashboard.is_(False)
        )
        query = sa.select(
            live.scalar_subquery(),
            received,
            received_in_both,
            tokens.where(EmbedToken.revoked_at.is_(None)).exists(),
            tokens.where(EmbedToken.last_used_at.is_not(None)).exists(),
            sa.select(Call.id).where(Call.owned_by(organization_id), Call.token_id.in_(tokens)).exists(),
        )
        live_calls, this_week, both_weeks, has_token, has_installed, has_called = (
            await self._session.execute(query)
        ).one()
        steps = OnboardingProgress(has_number, has_token, has_installed or has_called, has_called)
        return CallCounts(live_calls, this_week, both_weeks - this_week), steps

    async def _token_names(self, organization_id: UUID, token_ids: Sequence[UUID]) -> dict[UUID, str]:
        name = sa.func.coalesce(sa.func.nullif(EmbedToken.label, ""), EmbedToken.prefix).label("name")
        query = sa.select(EmbedToken.id, name).where(EmbedToken.owned_by(organization_id), EmbedToken.id.in_(token_ids))
        return {row.id: row.name for row in await self._session.execute(query)}
