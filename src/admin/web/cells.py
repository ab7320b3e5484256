"""How single values stand in lists and details. Whatever tenants typed is escaped: only these functions make markup."""

import json
from datetime import date, datetime
from types import NoneType
from typing import Any

from markupsafe import Markup
from starlette.requests import Request

from carrier.breaker import BreakerState
from voice.calling.models import AlertKind
from voice.comparison.models import DifferenceKind
from voice.models import CallStatus

LINKS = {
    "organization_id": "organization",
    "user_id": "user",
    "requested_by": "user",
    "created_by": "user",
    "invited_by": "user",
    "revoked_by": "user",
    "token_id": "embed-token",
    "call_record_id": "call",
}
"""Columns that name a row of another kind, and which kind."""
MISSING = "–"
LABELS = {
    "accepted_at": "Accepted",
    "action": "What",
    "actor_id": "Who, by id",
    "actor_kind": "Kind",
    "actor_name": "Who",
    "allowed_domains": "Allowed domains",
    "calls_here": "Calls here",
    "calls_there": "Calls at the carrier",
    "carrier_sid": "Id at the carrier",
    "call_record_id": "Call",
    "compared_at": "Compared",
    "corrected_at": "Corrected",
    "day": "Day",
    "here": "Here",
    "there": "At the carrier",
    "micros_here": "Cost here",
    "micros_there": "Cost at the carrier",
    "others_there": "Other calls at the carrier",
    "seconds_here": "Seconds here",
    "seconds_there": "Seconds at the carrier",
    "unpriced": "Without a price yet",
    "answered_at": "Answered",
    "call_id": "Call ID",
    "created_at": "Since",
    "created_by": "Made by",
    "deleted_at": "Deleted",
    "disabled_at": "Disabled",
    "ends_at": "Ends",
    "due_at": "Due",
    "duration": "Seconds",
    "e164": "Number",
    "email_verified_at": "Address confirmed",
    "end_reason": "Reason",
    "ended_at": "Ended",
    "expires_at": "Works until",
    "from_number": "From",
    "given_up_at": "Given up",
    "invited_by": "Invited by",
    "joined_at": "Joined",
    "last_origin": "Last page",
    "last_used_at": "Last used",
    "organization_id": "Organization",
    "origin": "Page",
    "outcome": "Answer",
    "released_at": "Released",
    "releasing_at": "Being released",
    "requested_by": "Asked by",
    "resolved_at": "Answered",
    "resolved_by": "Seen by",
    "set_by": "Set by",
    "revoked_at": "Revoked",
    "revoked_by": "Revoked by",
    "started_at": "Started",
    "subject_id": "About, by id",
    "subject_name": "About",
    "suspended_at": "Suspended",
    "to_number": "To",
    "token_id": "Token",
    "totp_enabled_at": "Second factor",
    "user_id": "User",
}
"""Columns whose names do not say what they are."""


def moment(value: datetime) -> Markup:
    """A time; the page's script rewrites it to the viewer's own zone."""
    text = f"{value:%b} {value.day}, {value:%Y}, {value:%H:%M} UTC"
    return Markup('<time datetime="{}" data-time="short">{}</time>').format(value.isoformat(), text)


ALERTS = {
    AlertKind.FOREIGN_DESTINATIONS: "Many foreign numbers within an hour",
    AlertKind.NEAR_LIMIT: "Near a limit",
}
"""What alerts are called; the owners got a mail about the second kind."""


BREAKERS = {
    BreakerState.CLOSED: "in touch",
    BreakerState.OPEN: "waiting after failures",
    BreakerState.PROBING: "trying again",
}
"""What a process does with the carrier."""
DIFFERENCES = {
    DifferenceKind.UNKNOWN_HERE: "Only the carrier knows it",
    DifferenceKind.UNKNOWN_THERE: "The carrier does not know it",
    DifferenceKind.DIALLED_THOUGH_REFUSED: "Refused by us, dialled by the carrier",
    DifferenceKind.STATUS: "Another outcome",
    DifferenceKind.DURATION: "Another duration",
    DifferenceKind.END: "Another end",
    DifferenceKind.PRICE: "Another price",
}
"""What the two sides of a call differ in."""


STATUSES = {
    CallStatus.INITIATED: "Calling",
    CallStatus.RINGING: "Ringing",
    CallStatus.IN_PROGRESS: "In progress",
    CallStatus.COMPLETED: "Completed",
    CallStatus.BUSY: "Busy",
    CallStatus.NO_ANSWER: "No answer",
    CallStatus.FAILED: "Failed",
    CallStatus.CANCELED: "Canceled",
    CallStatus.REFUSED: "Refused",
}
"""How a call stands."""


def words(name: str) -> str:
    """A code or a name of ours as it is read."""
    return name.replace("_", " ").capitalize()


def limit_name(name: str) -> str:
    """What the limit ``name`` is called."""
    return words(name)


def dollars(micros: int) -> str:
    """Millionths of a US dollar as people read them."""
    return f"${micros / 1_000_000:,.4f}"


def listed(value: list[Any]) -> str:
    return ", ".join(str(item) for item in value) or MISSING


def object_of(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True) if value else MISSING


TYPES: dict[type, Any] = {
    datetime: moment,
    date: lambda value: value.isoformat(),
    list: listed,
    dict: object_of,
    NoneType: lambda _: MISSING,
    bool: lambda value: "Yes" if value else "No",
}


def linked(row: Any, column: str, request: Request) -> str | Markup:
    """The name of the row that ``column`` points at, as a link there."""
    key = getattr(row, column)
    if key is None:
        return MISSING
    name = request.state.names.get(key) or str(key)
    return Markup('<a href="/admin/{}/details/{}"><bdi>{}</bdi></a>').format(LINKS[column], key, name)
