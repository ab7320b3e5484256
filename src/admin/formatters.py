"""Labels of columns, names of values, and formatters of column values for lists and detail pages.

Formatters whose result is HTML escape the values of customers.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from types import NoneType
from typing import Any

from markupsafe import Markup
from starlette.requests import Request

from admin.models import StaffRole
from calls.limits.audit_texts import limit_title
from calls.limits.limit_names import MONEY_LIMITS
from calls.limits.models import AlertKind
from calls.models import CallStatus
from calls.reconciliation.models import DiscrepancyKind
from carrier.breaker import BreakerState
from carrier.error_codes import describe_error
from kit.actor import ActorKind
from kit.countries import country_name
from kit.e164 import readable
from kit.money import format_cents
from kit.text import format_duration, is_web_url
from tenants.models import Role, UpgradeOutcome
from tenants.plans import Plan
from widget.refusals import REFUSALS

LINK_COLUMNS = {
    "organization_id": "organization",
    "user_id": "user",
    "requested_by": "user",
    "created_by": "user",
    "invitation_id": "invitation",
    "invited_by": "user",
    "revoked_by": "user",
    "token_id": "embed-token",
    "call_record_id": "call",
}
"""Columns with the id of another record, and the identity of that record's view."""
EMPTY_VALUE = "–"
PLAN_OPTIONS = [(plan.value, plan.value.capitalize()) for plan in Plan]
"""Options of a select, the lowest plan first."""
COLUMN_LABELS = {
    "accepted_at": "Accepted",
    "actor_kind": "Type",
    "actor_name": "Person",
    "calls_here": "Calls in our records",
    "calls_there": "Calls at the carrier",
    "carrier_sid": "Carrier ID",
    "call_record_id": "Call",
    "compared_at": "Compared",
    "corrected_at": "Corrected",
    "day": "Day",
    "here": "In our records",
    "there": "At the carrier",
    "micros_here": "Cost in our records",
    "micros_there": "Cost at the carrier",
    "others_there": "Calls of other installations",
    "seconds_here": "Seconds in our records",
    "seconds_there": "Seconds at the carrier",
    "unpriced": "Calls without a price yet",
    "answered_at": "Answered",
    "carrier_error": "Carrier error",
    "call_id": "Call ID",
    "created_at": "Created",
    "deleted_at": "Deleted",
    "disabled_at": "Disabled",
    "ends_at": "Ends",
    "due_at": "Due",
    "duration": "Connected",
    "e164": "Number",
    "email": "E-mail",
    "email_verified_at": "E-mail confirmed",
    "end_reason": "Reason",
    "ended_at": "Ended",
    "expires_at": "Expires",
    "from_number": "From",
    "failure": "Last failure",
    "given_up_at": "Failed for good",
    "id": "ID",
    "invitation_id": "Invitation",
    "invitations_paused_at": "Invitations paused",
    "invited_by": "Invited by",
    "joined_at": "Joined",
    "last_origin": "Last page",
    "last_used_at": "Last used",
    "organization_id": "Organization",
    "origin": "Page",
    "outcome": "Decision",
    "prefix": "First characters",
    "released_at": "Released",
    "releasing_at": "Being released",
    "requested_by": "Asked by",
    "resolved_by": "Seen by",
    "set_by": "Set by",
    "revoked_at": "Revoked",
    "revoked_by": "Revoked by",
    "started_at": "Started",
    "subject_name": "Subject",
    "suspended_at": "Suspended",
    "to_number": "To",
    "token_id": "Token",
    "totp_enabled_at": "Authenticator app",
    "has_passkey": "Passkey",
    "url": "Record address",
    "window_start": "Period starts",
    "user_id": "User",
}
"""Labels of columns whose names cannot serve as labels."""


def format_time(value: datetime) -> Markup:
    """A time in UTC, as everywhere in the back office."""
    text = f"{value:%b} {value.day}, {value:%Y}, {value:%H:%M} UTC"
    return Markup('<time datetime="{}">{}</time>').format(value.isoformat(), text)


ALERT_NAMES: Mapping[str, str] = {
    AlertKind.FOREIGN_DESTINATIONS: "Many international numbers within an hour",
    AlertKind.REJECTED_CALLS: "Many refused calls within an hour",
    AlertKind.NEAR_LIMIT: "Limit nearly used up",
}
"""Names of the kinds of alerts. Organizations get a mail about the second and the third kind."""

BREAKER_NAMES = {
    BreakerState.CLOSED: "connected",
    BreakerState.OPEN: "paused after failures",
    BreakerState.PROBING: "retrying",
}
"""Names of the states of a circuit breaker towards the carrier."""
DISCREPANCY_NAMES: Mapping[str, str] = {
    DiscrepancyKind.UNKNOWN_TO_US: "Only at the carrier",
    DiscrepancyKind.UNKNOWN_TO_CARRIER: "Only in our records",
    DiscrepancyKind.DIALLED_THOUGH_REFUSED: "Refused by us, dialled by the carrier",
    DiscrepancyKind.STATUS: "Different outcome",
    DiscrepancyKind.DURATION: "Different duration",
    DiscrepancyKind.END: "Different end reason",
    DiscrepancyKind.PRICE: "Different price",
}

CALL_STATUS_NAMES: Mapping[str, str] = {
    CallStatus.INITIATED: "Calling",
    CallStatus.RINGING: "Ringing",
    CallStatus.IN_PROGRESS: "In progress",
    CallStatus.COMPLETED: "Completed",
    CallStatus.BUSY: "Busy",
    CallStatus.NO_ANSWER: "No answer",
    CallStatus.FAILED: "Failed",
    CallStatus.CANCELED: "Canceled",
    CallStatus.REFUSED: "Refused",
    CallStatus.VOICEMAIL: "Voicemail",
    CallStatus.ABANDONED: "Caller hung up",
}


def format_count(number: int, singular: str) -> str:
    """A number with its noun: ``1 call``, ``1,200 calls``."""
    return f"{number:,} {singular if number == 1 else singular + 's'}"


def humanize_name(name: str) -> str:
    """A name from the code as text: ``no_answer`` gives "No answer"."""
    text = name.replace("_", " ").replace(".", " ").replace("-", " ")
    return (text[:1].upper() + text[1:]).replace("Api ", "API ")


def name_in(names: Mapping[str, str], value: str) -> str:
    """The name of ``value``; the humanized value if ``names`` lacks it because a newer release stored it."""
    return names.get(value) or humanize_name(value)


def call_status_name(status: str) -> str:
    return name_in(CALL_STATUS_NAMES, status)


def limit_name(name: str) -> str:
    """The label of the limit ``name``."""
    return limit_title(name) or humanize_name(name)


def format_micros(micros: int) -> str:
    """Millionths of a US dollar as an amount."""
    return f"${micros / 1_000_000:,.4f}"


def format_limit(name: str, value: int) -> str:
    """The value of the limit ``name``; amounts of money are stored in US cents."""
    return format_cents(value) if name in MONEY_LIMITS else f"{value:,}"


def format_number(e164: str | None) -> str:
    """A phone number with spaces."""
    return readable(e164) or EMPTY_VALUE


def format_list(value: list[Any]) -> str:
    return ", ".join(str(item) for item in value) or EMPTY_VALUE


def format_url(url: str) -> str | Markup:
    """Format a URL that a page gave: an ``http`` or ``https`` URL as a link, another one as text."""
    if not is_web_url(url):
        return url
    return Markup('<a href="{}" target="_blank" rel="noopener noreferrer nofollow"><bdi>{}</bdi></a>').format(url, url)


TYPE_FORMATTERS: dict[type, Any] = {
    datetime: format_time,
    date: lambda value: value.isoformat(),
    list: format_list,
    NoneType: lambda _: EMPTY_VALUE,
    bool: lambda value: "Yes" if value else "No",
    CallStatus: call_status_name,
    **dict.fromkeys((ActorKind, Plan, Role, StaffRole, UpgradeOutcome), humanize_name),
}
COLUMN_FORMATTERS: Mapping[str, Callable[[Any], Any]] = {
    "action": humanize_name,
    "allowed_domains": lambda value: ", ".join(value) or "Any page",
    "actor_kind": humanize_name,
    "carrier_error": describe_error,
    "country": country_name,
    "duration": format_duration,
    "e164": format_number,
    "end_reason": lambda code: REFUSALS[code].label if code in REFUSALS else humanize_name(code),
    "failure": humanize_name,
    "from_number": format_number,
    "kind": humanize_name,
    "to_number": format_number,
    "url": format_url,
}
"""Formatters by column name, for values that do not read well as stored."""


def format_column(row: Any, column: str, _request: Request) -> Any:
    """Format a column of ``COLUMN_FORMATTERS``."""
    value = getattr(row, column)
    return EMPTY_VALUE if value is None or value == "" else COLUMN_FORMATTERS[column](value)


def format_link(row: Any, column: str, request: Request) -> str | Markup:
    """Format a column of ``LINK_COLUMNS`` as a link with the record's name."""
    key = getattr(row, column)
    if key is None:
        return EMPTY_VALUE
    name = request.state.names.get(key) or str(key)
    return Markup('<a href="/admin/{}/details/{}"><bdi>{}</bdi></a>').format(LINK_COLUMNS[column], key, name)
