"""Sums an organization's outgoing calls of this month and the last, by token, agent and outcome."""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from calls.aggregates import CallTotals, outgoing_since, totals_columns
from calls.models import Call
from calls.outcomes.report import OutcomeReportService, OutcomeUsage
from kit.time_zones import start_of_day
from widget.models import EmbedToken

MAX_LISTED = 100
"""The number of tokens, and of agents, that a month lists, the busiest first. Pages can name any number of agents."""
_TOTALS_FIELDS = ("calls", "answered", "seconds", "minutes")


class TokenUsage(msgspec.Struct, frozen=True):
    """The calls with one token, revoked ones included."""

    token_id: UUID
    label: str
    prefix: str
    totals: CallTotals


class AgentUsage(msgspec.Struct, frozen=True):
    """The calls of one agent."""

    agent: str | None
    """A member's e-mail address, or the name that the page gives; None where nobody is named."""
    is_member: bool
    """True when the agent is known to be that member; otherwise the name is the page's claim."""
    totals: CallTotals


class MonthlyUsage(msgspec.Struct, frozen=True):
    """The outgoing calls of one month, in the requested time zone."""

    first_day: dt.date
    total: CallTotals
    by_token: Sequence[TokenUsage]
    by_agent: Sequence[AgentUsage]
    by_outcome: Sequence[OutcomeUsage]

    @property
    def conversations(self) -> int:
        """The calls whose outcome counts as a conversation."""
        return sum(use.totals.calls for use in self.by_outcome if use.counts_as_conversation)


class UsageService:
    """Sums outgoing calls by month."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def this_and_last_month(
        self, organization_id: UUID, *, today: dt.date, zone: dt.tzinfo = dt.UTC
    ) -> tuple[MonthlyUsage, MonthlyUsage]:
        """The month of ``today`` and the month before it, in ``zone``; both from one query over their calls."""
        this_month = today.replace(day=1)
        last_month = (this_month - dt.timedelta(days=1)).replace(day=1)
        is_this_month = Call.started_at >= start_of_day(this_month, zone)
        # The inner query sums the calls of each agent with each token, so that the outer sums read few rows.
        summed = (
            sa.select(
                is_this_month.label("is_this_month"),
                Call.token_id,
                Call.agent,
                Call.agent_is_member,
                *(column.label(name) for column, name in zip(totals_columns(), _TOTALS_FIELDS, strict=True)),
            )
            .where(*outgoing_since(organization_id, start_of_day(last_month, zone)))
            .group_by(sa.literal_column("1"), Call.token_id, Call.agent, Call.agent_is_member)
            .subquery()
        )
        agent = summed.c.agent, summed.c.agent_is_member
        query = sa.select(
            summed.c.is_this_month,
            sa.func.grouping(summed.c.token_id),
            summed.c.token_id,
            *agent,
            *(sa.cast(sa.func.sum(summed.c[name]), sa.BigInteger) for name in _TOTALS_FIELDS),
        ).group_by(
            sa.func.grouping_sets(
                sa.tuple_(summed.c.is_this_month, summed.c.token_id), sa.tuple_(summed.c.is_this_month, *agent)
            )
        )
        tokens: dict[bool, dict[UUID, CallTotals]] = {True: {}, False: {}}
        agents: dict[bool, dict[tuple[str | None, bool], CallTotals]] = {True: {}, False: {}}
        for of_this_month, by_agent, token_id, name, is_member, *sums in await self._session.execute(query):
            if by_agent:
                agents[of_this_month][name, is_member] = CallTotals(*sums)
            else:
                tokens[of_this_month][token_id] = CallTotals(*sums)
        labels = await self._token_names(organization_id, {*tokens[True], *tokens[False]})
        report = OutcomeReportService(self._session)
        outcomes = await report.this_and_last_month(
            organization_id, this_month=this_month, last_month=last_month, zone=zone
        )

        def month(first_day: dt.date, of_this_month: bool) -> MonthlyUsage:
            by_token = [
                TokenUsage(token_id, *labels[token_id], totals) for token_id, totals in tokens[of_this_month].items()
            ]
            by_agent = [AgentUsage(*agent_key, totals) for agent_key, totals in agents[of_this_month].items()]
            return MonthlyUsage(
                first_day=first_day,
                total=sum(tokens[of_this_month].values(), CallTotals()),
                by_token=sorted(by_token, key=lambda use: (-use.totals.calls, use.token_id))[:MAX_LISTED],
                by_agent=sorted(by_agent, key=lambda use: (-use.totals.calls, not use.is_member, use.agent or ""))[
                    :MAX_LISTED
                ],
                by_outcome=outcomes[0 if of_this_month else 1],
            )

        return month(this_month, True), month(last_month, False)

    async def _token_names(self, organization_id: UUID, token_ids: set[UUID]) -> dict[UUID, tuple[str, str]]:
        query = sa.select(EmbedToken.id, EmbedToken.label, EmbedToken.prefix).where(
            EmbedToken.owned_by(organization_id), EmbedToken.id.in_(token_ids)
        )
        return {token_id: (label, prefix) for token_id, label, prefix in await self._session.execute(query)}
