"""``/dashboard/<slug>/usage``: calls, billed minutes and talk time of this month and last, by token and by member."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency

from calls.aggregates import CallTotals
from calls.outcomes.report import OutcomeUsage
from calls.usage import AgentUsage, TokenUsage, UsageService
from dashboard.formats import agent_note, format_count
from dashboard.guards import requires_membership
from dashboard.pages import render
from kit.clock import utc_now
from kit.db.reading import ReadingSession
from kit.time_zones import local_day
from tenants.auth import current_member

UNNAMED_AGENT = "Not named"
Usage = TokenUsage | AgentUsage | OutcomeUsage


class UsageRow(msgspec.Struct, frozen=True):
    """Use of one token or one person in both months."""

    name: str
    note: str
    """Origin of the name, where it must be shown."""
    this: CallTotals
    last: CallTotals


@get("/dashboard/{slug:str}/usage", guards=[requires_membership])
async def usage_page(
    request: Request[Any, Any, State], reading_session: NamedDependency[ReadingSession]
) -> Response[str]:
    who = current_member(request)
    this, last = await UsageService(reading_session).this_and_last_month(
        who.organization_id, today=local_day(utc_now(), who.zone), zone=who.zone
    )
    return render(
        request,
        "usage/index.html",
        months=(this, last),
        by_token=usage_rows(this.by_token, last.by_token),
        by_agent=usage_rows(this.by_agent, last.by_agent),
        by_outcome=usage_rows(this.by_outcome, last.by_outcome),
        conversations=[format_count(month.conversations, "conversation") for month in (this, last)],
    )


def usage_rows(this: Sequence[Usage], last: Sequence[Usage]) -> list[UsageRow]:
    """Join both months, the busiest of this month first."""
    uses = {_key(use): use for use in (*this, *last)}
    now, before = _totals_by_key(this), _totals_by_key(last)
    return [
        UsageRow(_name(use), _note(use), now.get(key, CallTotals()), before.get(key, CallTotals()))
        for key, use in uses.items()
    ]


def _totals_by_key(uses: Iterable[Usage]) -> dict[object, CallTotals]:
    return {_key(use): use.totals for use in uses}


def _key(use: Usage) -> object:
    if isinstance(use, OutcomeUsage):
        return use.outcome
    return use.token_id if isinstance(use, TokenUsage) else (use.agent, use.is_member)


def _name(use: Usage) -> str:
    if isinstance(use, OutcomeUsage):
        return use.outcome
    return (use.label or f"{use.prefix}…") if isinstance(use, TokenUsage) else (use.agent or UNNAMED_AGENT)


def _note(use: Usage) -> str:
    if isinstance(use, OutcomeUsage):
        return "Conversation" if use.counts_as_conversation else ""
    return "" if isinstance(use, TokenUsage) or use.agent is None else agent_note(use.is_member)
