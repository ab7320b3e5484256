"""Response bodies of the calls API: a call, its timeline, the reason of its end, and the usage of two months."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from calls.aggregates import CallTotals
from calls.list_filters import END_REASONS
from calls.models import Call, CallEvent
from calls.outcomes.models import CallChange
from calls.outcomes.schemas import CallChangeInfo, CountsAsConversation, Note, OutcomeName, Tags
from calls.refusal_help import Explanation
from calls.usage import MonthlyUsage
from kit.schemas import E164Number, ResourceId, ResponseModel, Timestamp, WebOrigin, rfc3339
from widget.refusals import FixedBy, RefusalDetails
from widget.schemas import TokenLabel, TokenPrefix

Agent = Annotated[str, Meta(examples=["ann@example.com"])]
"""A member's e-mail address, or the name that the page gives."""
EndReason = Annotated[
    str,
    Meta(
        examples=["country_not_enabled"],
        description="The reason of the end, null where somebody hung up: " + ", ".join(END_REASONS) + ".",
    ),
]


class CallInfo(ResponseModel, frozen=True, kw_only=True):
    """A call as its organization sees it; the carrier's ids are not shown."""

    id: ResourceId
    call_id: ResourceId | None
    """The id that the widget created and passed to the page."""
    direction: Annotated[str, Meta(examples=["outbound"])]
    """``outbound``, or ``inbound`` for a call to one of the organization's numbers."""
    from_: E164Number | None = msgspec.field(name="from")
    """E.164. Of an incoming call the caller's number, which anybody can forge; null when it is withheld."""
    from_number_id: ResourceId | None
    """The id of the organization's number that it shows; null for incoming calls, for calls older than this field, and
    where none was chosen."""
    to: Annotated[str, Meta(examples=["+12125550101"])]
    """E.164; what was dialled, when it was not a number."""
    status: Annotated[str, Meta(examples=["completed"])]
    duration: Annotated[int, Meta(examples=[134])]
    """Whole seconds connected."""
    started_at: Timestamp | None
    answered_at: Timestamp | None
    answered_by: E164Number | None
    """Of an incoming call: the forward number that accepted it; null where nobody did, and for outgoing calls."""
    ended_at: Timestamp | None
    end_reason: EndReason | None
    """A code: why the call was refused, why the product ended it, or how it ended if not by hanging up."""
    carrier_error: Annotated[int | None, Meta(examples=[None])]
    """The carrier's error code, of a call that failed."""
    token_id: ResourceId | None
    """The token that placed it; null for incoming calls."""
    agent: Agent | None
    """The person who placed it: a member's e-mail address, or the name that the page gave."""
    origin: WebOrigin | None
    metadata: Annotated[dict[str, Any] | None, Meta(examples=[{"contact": "4711"}])]
    name: Annotated[str | None, Meta(examples=["Grace Hopper"])]
    """The called person, as the page names them."""
    company: Annotated[str | None, Meta(examples=["Acme Realty"])]
    url: Annotated[str | None, Meta(examples=["https://crm.example.com/contacts/4711"])]
    """The ``http`` or ``https`` address of the called person's record."""
    extension: Annotated[str | None, Meta(examples=["204"])]
    """Sent as tones after the answer: ``0`` to ``9``, ``*`` and ``#``."""
    outcome: OutcomeName | None
    """One of the organization's outcomes at the time it was chosen."""
    note: Note | None
    tags: Tags
    returned_at: Timestamp | None
    """Of a missed call: the time at which a later call connected its caller with somebody; null until then."""
    returned_call_id: ResourceId | None
    """The later call: an outgoing one, placed by its ``agent``, or an incoming one, taken by its ``answered_by``."""
    version: Annotated[int, Meta(examples=[1])]
    """1, and one more for each change of a call that is over."""

    @classmethod
    def of(cls, call: Call) -> "CallInfo":
        return cls(**_fields(call))


class TimelineEvent(ResponseModel, frozen=True, kw_only=True):
    """One step of a call."""

    at: Timestamp | None
    event: Annotated[str, Meta(examples=["answered"])]
    leg: Annotated[str, Meta(examples=["called"])]
    """``caller`` or ``called``."""


class CallExplanation(ResponseModel, frozen=True, kw_only=True):
    """The reason for which a call was refused, or ended by the product."""

    code: Annotated[str, Meta(examples=["country_not_enabled"])]
    """As ``end_reason``."""
    message: Annotated[str, Meta(examples=["This destination is not allowed"])]
    """The fixed sentence."""
    help: Annotated[
        str,
        Meta(
            examples=["Calls to France are not switched on for Acme Realty. An admin can add them under Calling rules."]
        ),
    ]
    """The rule at that time, and what to do; may begin with the words of ``message``."""
    fixed_by: FixedBy
    """The person who can change it."""
    link: Annotated[str, Meta(examples=["/dashboard/acme/settings/calling-rules"])]
    """The path of the page where it is changed or explained."""
    details: RefusalDetails | None
    """The facts from which ``help`` is made; null for older calls, and where ``code`` says all."""

    @classmethod
    def of(cls, explanation: Explanation, slug: str) -> "CallExplanation":
        return cls(
            code=explanation.refusal.code,
            message=explanation.refusal.message,
            help=explanation.help,
            fixed_by=explanation.fixed_by,
            link=explanation.refusal.link(slug),
            details=explanation.details,
        )


class CallDetail(CallInfo, frozen=True, kw_only=True):
    """A call with its timeline."""

    returned_by: Annotated[str | None, Meta(examples=["ann@example.com"])]
    """Of a missed call: the agent who called back, or the phone that took the caller's later call, E.164."""
    explanation: CallExplanation | None
    """Null while the call goes on, and for an end that needs no explanation, such as a busy line."""
    events: list[TimelineEvent]
    changes: list[CallChangeInfo]
    """The changes of outcome, note and tags, newest first; of a call the last 50 are kept."""

    @classmethod
    def with_events(
        cls,
        call: Call,
        events: list[CallEvent],
        changes: Sequence[CallChange],
        explanation: CallExplanation | None = None,
        *,
        returned_by: str | None = None,
    ) -> "CallDetail":
        timeline = [
            TimelineEvent(at=rfc3339(event.occurred_at), event=event.kind, leg="called" if event.is_child else "caller")
            for event in events
        ]
        return cls(
            **_fields(call),
            returned_by=returned_by,
            explanation=explanation,
            events=timeline,
            changes=[CallChangeInfo.of(change) for change in changes],
        )


def _fields(call: Call) -> dict[str, Any]:
    return {
        "id": call.id,
        "call_id": call.call_id,
        "direction": call.direction,
        "from_": call.from_number,
        "from_number_id": call.from_number_id,
        "to": call.to_number,
        "status": call.status.value,
        "duration": call.duration,
        "started_at": rfc3339(call.started_at),
        "answered_at": rfc3339(call.answered_at),
        "answered_by": call.answered_by,
        "ended_at": rfc3339(call.ended_at),
        "end_reason": call.end_reason,
        "carrier_error": call.carrier_error,
        "token_id": call.token_id,
        "agent": call.agent,
        "origin": call.origin,
        "metadata": call.details,
        "name": call.name,
        "company": call.company,
        "url": call.url,
        "extension": call.extension,
        "outcome": call.outcome,
        "note": call.note,
        "tags": call.tags or [],
        "returned_at": rfc3339(call.returned_at),
        "returned_call_id": call.returned_call_id,
        "version": call.version,
    }


class CallTotalsInfo(ResponseModel, frozen=True, kw_only=True):
    """Some calls, counted; refused attempts are left out."""

    calls: Annotated[int, Meta(examples=[42])]
    answered: Annotated[int, Meta(examples=[31])]
    seconds: Annotated[int, Meta(examples=[7134])]
    """Talk time: seconds connected."""
    minutes: Annotated[int, Meta(examples=[132])]
    """Billed minutes: each call's talk time, rounded up to whole minutes."""


class TokenUsageInfo(CallTotalsInfo, frozen=True, kw_only=True):
    """The usage of one embed token; revoked ones are included."""

    token_id: ResourceId
    label: TokenLabel
    prefix: TokenPrefix


class AgentUsageInfo(CallTotalsInfo, frozen=True, kw_only=True):
    """The usage of one agent."""

    agent: Agent | None
    """A member's e-mail address, or the name that the page gives; null where nobody is named."""
    source: Annotated[str | None, Meta(examples=["member"])]
    """``member``: signed in with us, so verified. ``page``: the page's claim. null: nobody is named."""


class OutcomeUsageInfo(CallTotalsInfo, frozen=True, kw_only=True):
    """The calls that got one outcome."""

    outcome: OutcomeName
    counts_as_conversation: CountsAsConversation
    """As the list of outcomes says now; false for an outcome that is not listed any more."""


class MonthUsageInfo(CallTotalsInfo, frozen=True, kw_only=True):
    """The usage in one month, UTC."""

    month: Annotated[str, Meta(examples=["2026-11"])]
    """Like ``2026-11``."""
    by_token: list[TokenUsageInfo]
    by_agent: list[AgentUsageInfo]
    by_outcome: list[OutcomeUsageInfo]
    """Calls without an outcome are left out."""
    conversations: Annotated[int, Meta(examples=[17])]
    """Calls whose outcome counts as a conversation."""

    @classmethod
    def of(cls, usage: MonthlyUsage) -> "MonthUsageInfo":
        return cls(
            month=f"{usage.first_day:%Y-%m}",
            **_totals_fields(usage.total),
            by_token=[
                TokenUsageInfo(
                    token_id=item.token_id, label=item.label, prefix=item.prefix, **_totals_fields(item.totals)
                )
                for item in usage.by_token
            ],
            by_agent=[
                AgentUsageInfo(
                    agent=item.agent,
                    source=agent_source(item.agent, is_member=item.is_member),
                    **_totals_fields(item.totals),
                )
                for item in usage.by_agent
            ],
            by_outcome=[
                OutcomeUsageInfo(
                    outcome=item.outcome,
                    counts_as_conversation=item.counts_as_conversation,
                    **_totals_fields(item.totals),
                )
                for item in usage.by_outcome
            ],
            conversations=usage.conversations,
        )


class UsageInfo(ResponseModel, frozen=True, kw_only=True):
    """The usage of the organization."""

    this_month: MonthUsageInfo
    last_month: MonthUsageInfo


def agent_source(agent: str | None, *, is_member: bool) -> str | None:
    """The source of an agent's name: ``member`` if verified, ``page`` if claimed; None where there is no name."""
    return None if agent is None else "member" if is_member else "page"


def _totals_fields(totals: CallTotals) -> dict[str, int]:
    return {
        "calls": totals.calls,
        "answered": totals.answered,
        "seconds": totals.seconds,
        "minutes": totals.minutes,
    }
