"""How single values stand in lists and details. Whatever tenants typed is escaped: only these functions make markup."""

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from types import NoneType
from typing import Any

from markupsafe import Markup
from starlette.requests import Request

from admin.models import StaffRole
from calls.limits.models import AlertKind
from calls.models import CallStatus
from calls.reconciliation.models import DiscrepancyKind
from carrier.breaker import BreakerState
from kit.actor import ActorKind
from kit.countries import country_name
from kit.e164 import readable
from kit.text import duration
from tenants.models import Role, UpgradeOutcome
from tenants.plans import Plan

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
    "duration": "Connected",
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
    DiscrepancyKind.UNKNOWN_HERE: "Only the carrier knows it",
    DiscrepancyKind.UNKNOWN_THERE: "The carrier does not know it",
    DiscrepancyKind.DIALLED_THOUGH_REFUSED: "Refused by us, dialled by the carrier",
    DiscrepancyKind.STATUS: "Another outcome",
    DiscrepancyKind.DURATION: "Another duration",
    DiscrepancyKind.END: "Another end",
    DiscrepancyKind.PRICE: "Another price",
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
    text = name.replace("_", " ").replace(".", " ").replace("-", " ")
    return (text[:1].upper() + text[1:]).replace("Api ", "API ")


def limit_name(name: str) -> str:
    """What the limit ``name`` is called."""
    return words(name.replace("spend_cents", "spending"))


def dollars(micros: int) -> str:
    """Millionths of a US dollar as people read them."""
    return f"${micros / 1_000_000:,.4f}"


def limit_value(name: str, value: int) -> str:
    """The value of the limit ``name``; amounts of money are kept in US cents."""
    return f"${value / 100:,.2f}" if "cents" in name else f"{value:,}"


def number(e164: str | None) -> str:
    """A phone number for people."""
    return readable(e164) or MISSING


def listed(value: list[Any]) -> str:
    return ", ".join(str(item) for item in value) or MISSING


def object_of(value: dict[str, Any]) -> str | Markup:
    """What an object holds, line by line; of before and after what differs."""
    before, after = value.get("before"), value.get("after")
    lines = {words(key): plain(item) for key, item in value.items() if key not in {"before", "after"}}
    if isinstance(before, dict) and isinstance(after, dict):
        changed = [key for key in {**before, **after} if before.get(key) != after.get(key)]
        lines = {words(key): f"{plain(before.get(key))} → {plain(after.get(key))}" for key in changed} | lines
    elif "before" in value or "after" in value:
        lines = {"Changed": f"{plain(before)} → {plain(after)}"} | lines
    listed_lines = Markup("").join(
        Markup("<li>{}: <bdi>{}</bdi></li>").format(key, text) for key, text in sorted(lines.items())
    )
    return Markup('<ul class="plain-list">{}</ul>').format(listed_lines) if lines else MISSING


def plain(value: Any) -> str:
    """A value out of an object, as text."""
    if isinstance(value, list):
        return ", ".join(plain(item) for item in value) or MISSING
    if value is None or value == "":
        return MISSING
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


TYPES: dict[type, Any] = {
    datetime: moment,
    date: lambda value: value.isoformat(),
    list: listed,
    dict: object_of,
    NoneType: lambda _: MISSING,
    bool: lambda value: "Yes" if value else "No",
    CallStatus: STATUSES.__getitem__,
    **dict.fromkeys((ActorKind, Plan, Role, StaffRole, UpgradeOutcome), words),
}
COLUMNS: Mapping[str, Callable[[Any], Any]] = {
    "action": words,
    "allowed_domains": lambda value: ", ".join(value) or "Any page",
    "actor_kind": words,
    "country": country_name,
    "duration": duration,
    "e164": number,
    "end_reason": words,
    "failure": words,
    "from_number": number,
    "kind": words,
    "to_number": number,
}
"""Columns whose values do not read as they are stored."""


def read(row: Any, column: str, _request: Request) -> Any:
    """The value of one of ``COLUMNS`` for people."""
    value = getattr(row, column)
    return MISSING if value is None or value == "" else COLUMNS[column](value)


def linked(row: Any, column: str, request: Request) -> str | Markup:
    """The name of the row that ``column`` points at, as a link there."""
    key = getattr(row, column)
    if key is None:
        return MISSING
    name = request.state.names.get(key) or str(key)
    return Markup('<a href="/admin/{}/details/{}"><bdi>{}</bdi></a>').format(LINKS[column], key, name)
