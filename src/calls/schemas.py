"""Wire types of calls and their usage."""

from typing import Any
from uuid import UUID

import msgspec

from calls.aggregates import CallTotals
from calls.models import Call, CallEvent
from calls.usage import MonthlyUsage
from kit.schemas import ResponseModel, rfc3339


class CallInfo(ResponseModel, frozen=True, kw_only=True):
    """A call as its organization sees it; the carrier's ids are not shown."""

    id: UUID
    call_id: UUID | None
    """The id that the widget made and told the page."""
    direction: str
    from_: str | None = msgspec.field(name="from")
    """E.164."""
    to: str
    """E.164; what was dialled, when it was not a number."""
    status: str
    duration: int
    """Whole seconds connected."""
    started_at: str | None
    answered_at: str | None
    ended_at: str | None
    end_reason: str | None
    token_id: UUID
    agent: str | None
    """Who placed it: a member's e-mail address, or whomever the page named."""
    origin: str | None
    metadata: dict[str, Any] | None

    @classmethod
    def of(cls, call: Call) -> "CallInfo":
        return cls(**_fields(call))


class TimelineEvent(ResponseModel, frozen=True, kw_only=True):
    """One step of a call."""

    at: str | None
    event: str
    leg: str
    """``caller`` or ``called``."""


class CallDetail(CallInfo, frozen=True, kw_only=True):
    """A call with its timeline."""

    events: list[TimelineEvent]

    @classmethod
    def with_events(cls, call: Call, events: list[CallEvent]) -> "CallDetail":
        timeline = [
            TimelineEvent(at=rfc3339(event.occurred_at), event=event.kind, leg="called" if event.is_child else "caller")
            for event in events
        ]
        return cls(**_fields(call), events=timeline)


def _fields(call: Call) -> dict[str, Any]:
    return {
        "id": call.id,
        "call_id": call.call_id,
        "direction": call.direction,
        "from_": call.from_number,
        "to": call.to_number,
        "status": call.status.value,
        "duration": call.duration,
        "started_at": rfc3339(call.started_at),
        "answered_at": rfc3339(call.answered_at),
        "ended_at": rfc3339(call.ended_at),
        "end_reason": call.end_reason,
        "token_id": call.token_id,
        "agent": call.agent,
        "origin": call.origin,
        "metadata": call.details,
    }


class CallTotalsInfo(ResponseModel, frozen=True, kw_only=True):
    """Some calls, counted; refused attempts are left out."""

    calls: int
    answered: int
    seconds: int
    """Connected."""
    minutes: int
    """Connected, the last minute rounded up."""


class TokenUsageInfo(CallTotalsInfo, frozen=True, kw_only=True):
    """What was used with one embed token, revoked ones included."""

    token_id: UUID
    label: str
    prefix: str


class AgentUsageInfo(CallTotalsInfo, frozen=True, kw_only=True):
    """What one agent used."""

    agent: str | None
    """A member's e-mail address, or the name that the page gives; null where nobody is named."""
    source: str | None
    """``member``: signed in with us, so verified. ``page``: the page's claim. null: nobody is named."""


class MonthUsageInfo(CallTotalsInfo, frozen=True, kw_only=True):
    """What was used in one month, UTC."""

    month: str
    """Like ``2026-11``."""
    by_token: list[TokenUsageInfo]
    by_agent: list[AgentUsageInfo]

    @classmethod
    def of(cls, use: MonthlyUsage) -> "MonthUsageInfo":
        return cls(
            month=f"{use.first_day:%Y-%m}",
            **_totals_fields(use.total),
            by_token=[
                TokenUsageInfo(
                    token_id=item.token_id, label=item.label, prefix=item.prefix, **_totals_fields(item.totals)
                )
                for item in use.by_token
            ],
            by_agent=[
                AgentUsageInfo(
                    agent=item.agent,
                    source=agent_source(item.agent, is_member=item.is_member),
                    **_totals_fields(item.totals),
                )
                for item in use.by_agent
            ],
        )


class UsageInfo(ResponseModel, frozen=True, kw_only=True):
    """What the organization used."""

    this_month: MonthUsageInfo
    last_month: MonthUsageInfo


def agent_source(agent: str | None, *, is_member: bool) -> str | None:
    """Where the name of an agent comes from; None where there is none."""
    return None if agent is None else "member" if is_member else "page"


def _totals_fields(tally: CallTotals) -> dict[str, int]:
    return {
        "calls": tally.calls,
        "answered": tally.answered,
        "seconds": tally.seconds,
        "minutes": tally.minutes,
    }
