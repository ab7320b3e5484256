"""``/dashboard/<slug>/usage``: calls, minutes and talk time of this and the last month, by token, agent and outcome."""

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
from kit.db.reading_session import ReadingSession
from kit.time_zones import local_day
from tenants.auth import current_member

UNNAMED_AGENT = "Not named"
Usage = TokenUsage | AgentUsage | OutcomeUsage


class UsageRow(msgspec.Struct, frozen=True):
    """The calls of one token, agent or outcome in this month and in the last."""

    name: str
    note: str
    """Shown beside the name: whether an agent is verified, or an outcome counts as a conversation."""
    this_month: CallTotals
    last_month: CallTotals


@get("/dashboard/{slug:str}/usage", guards=[requires_membership])
async def usage_page(
    request: Request[Any, Any, State], reading_session: NamedDependency[ReadingSession]
) -> Response[str]:
    member = current_member(request)
    this_month, last_month = await UsageService(reading_session).this_and_last_month(
        member.organization_id, today=local_day(utc_now(), member.zone), zone=member.zone
    )
    return render(
        request,
        "usage/index.html",
        months=(this_month, last_month),
        by_token=usage_rows(this_month.by_token, last_month.by_token),
        by_agent=usage_rows(this_month.by_agent, last_month.by_agent),
        by_outcome=usage_rows(this_month.by_outcome, last_month.by_outcome),
        conversations=[format_count(month.conversations, "conversation") for month in (this_month, last_month)],
    )


def usage_rows(this_month: Sequence[Usage], last_month: Sequence[Usage]) -> list[UsageRow]:
    """Join both months: first the rows of this month in their order, then those of the last month alone."""
    uses = {_key(use): use for use in (*this_month, *last_month)}
    this_totals, last_totals = _totals_by_key(this_month), _totals_by_key(last_month)
    return [
        UsageRow(_name(use), _note(use), this_totals.get(key, CallTotals()), last_totals.get(key, CallTotals()))
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
