"""``/dashboard/<slug>``: call figures of the last four weeks, and the first steps of a new organization."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency

from calls.aggregates import CallTotals
from calls.listing import CallFilters, CallListService
from calls.overview import CallCounts, DailyTotals, OverviewService
from dashboard.calls import STATUS_BADGES, STATUS_LABELS
from dashboard.guards import requires_membership
from dashboard.pages import render
from dashboard.upgrades import upgrade_offer
from kit.clock import utc_now
from kit.db.reading_session import ReadingSession
from kit.time_zones import local_day, start_of_day
from tenants.auth import current_member
from tenants.models import Role
from tenants.plans import WIDGET_PLANS

CHART_DAYS = 28
WEEK_DAYS = 7
LATEST_CALLS = 5
TOP_TOKENS = 8


class Tile(msgspec.Struct, frozen=True):
    """One figure with its change from the week before."""

    name: str
    value: str
    change: str
    is_up: bool | None = None


@get("/dashboard/{slug:str}", guards=[requires_membership])
async def overview(
    request: Request[Any, Any, State], reading_session: NamedDependency[ReadingSession]
) -> Response[str]:
    member = current_member(request)
    organization_id, has_plan = member.organization_id, member.plan in WIDGET_PLANS
    days, tokens = await OverviewService(reading_session).daily_and_by_token(
        organization_id,
        until=local_day(utc_now(), member.zone),
        days=CHART_DAYS,
        limit=TOP_TOKENS,
        zone=member.zone,
    )
    first_day = local_day(utc_now(), member.zone) - dt.timedelta(days=WEEK_DAYS - 1)
    counts, steps = await OverviewService(reading_session).counts_and_onboarding(
        organization_id,
        has_number=member.caller_id is not None,
        week=start_of_day(first_day, member.zone),
        week_before=start_of_day(first_day - dt.timedelta(days=WEEK_DAYS), member.zone),
    )
    refused = await OverviewService(reading_session).refusals_by_reason(
        organization_id, since=start_of_day(first_day, member.zone)
    )
    latest = await CallListService(reading_session).page(organization_id, CallFilters(), after=None, limit=LATEST_CALLS)
    return render(
        request,
        "overview/index.html",
        tiles=tiles(days, counts),
        days=days,
        total=sum((day.totals for day in days), CallTotals()),
        tokens=tokens,
        refused=refused,
        first_day=first_day.isoformat(),
        latest=latest[:LATEST_CALLS],
        status_labels=STATUS_LABELS,
        status_badges=STATUS_BADGES,
        steps=steps,
        has_plan=has_plan,
        is_owner=member.role is Role.OWNER,
        upgrade=None if has_plan else await upgrade_offer(request, reading_session, member),
    )


def tiles(days: Sequence[DailyTotals], counts: CallCounts) -> list[Tile]:
    """Return the figures at the top of the page; a week is seven days, today included."""
    now = sum((day.totals for day in days[-WEEK_DAYS:]), CallTotals())
    before = sum((day.totals for day in days[-2 * WEEK_DAYS : -WEEK_DAYS]), CallTotals())
    return [
        _tile("Calls made", now.calls, before.calls),
        Tile("Answer rate of calls made", answer_rate(now), *_rate_change(now, before)),
        _tile("Minutes of calls made", now.minutes, before.minutes),
        _tile("Calls received", counts.received, counts.received_before),
        Tile("Live now", str(counts.live), "Calls in progress"),
    ]


def answer_rate(totals: CallTotals) -> str:
    """Format the share of calls that were answered."""
    return f"{round(100 * totals.answered / totals.calls)} %" if totals.calls else "–"


def _tile(name: str, now: int, before: int) -> Tile:
    if not before:
        return Tile(name, f"{now:,}", "None the week before" if now else "None in two weeks")
    percent = round(100 * (now - before) / before)
    if percent == 0:
        return Tile(name, f"{now:,}", "As the week before")
    return Tile(name, f"{now:,}", f"{percent:+d} % vs the week before".replace("-", "−"), percent > 0)


def _rate_change(now: CallTotals, before: CallTotals) -> tuple[str, bool | None]:
    if not now.calls or not before.calls:
        return "Nothing to compare", None
    change = round(100 * now.answered / now.calls) - round(100 * before.answered / before.calls)
    if change == 0:
        return "As the week before", None
    return f"{change:+d} points vs the week before".replace("-", "−"), change > 0
