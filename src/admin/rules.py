"""The rules of the back office, each said once."""

import datetime as dt
from collections.abc import Sequence
from ipaddress import ip_address, ip_network

from admin.errors import StaffRoleTooLow
from admin.models import StaffRole
from kit.e164 import without_numbers
from kit.errors import ValidationFailed
from kit.text import is_valid_text

REASON_CHARACTERS = 500
MOST_DAYS = 366
"""How far away the end of an exception may be."""


def ensure_staff_role(role: StaffRole, at_least: StaffRole) -> None:
    """Raises: StaffRoleTooLow."""
    if role.rank < at_least.rank:
        raise StaffRoleTooLow


def is_admitted(address: str, networks: Sequence[str]) -> bool:
    """True when the back office is open to ``address``: to everybody when ``networks`` is empty."""
    if not networks:
        return True
    try:
        asking = ip_address(address)
    except ValueError:
        return False
    # A server that listens on both writes IPv4 addresses as IPv6 ones.
    mapped = getattr(asking, "ipv4_mapped", None) or asking
    return any(mapped in ip_network(network) for network in networks)


def read_reason(typed: str) -> str:
    """Why staff change something, as the audit trail keeps it. Raises: ValidationFailed."""
    # Nothing can be erased from the trail, and the number that it is about may be one that somebody wants erased.
    reason = without_numbers(" ".join(typed.split())) if is_valid_text(typed) else ""
    if not reason:
        raise ValidationFailed([("reason", "Say why: the audit trail keeps it")])
    if len(reason) > REASON_CHARACTERS:
        raise ValidationFailed([("reason", f"At most {REASON_CHARACTERS} characters")])
    return reason


def read_last_day(typed: str, now: dt.datetime) -> dt.datetime:
    """The end, midnight UTC, of the last day on which an exception holds. Raises: ValidationFailed."""
    try:
        day = dt.date.fromisoformat(typed.strip())
    except ValueError:
        raise ValidationFailed([("until", "Give a day, like 2026-12-31")]) from None
    if not 0 <= (day - now.date()).days <= MOST_DAYS:
        raise ValidationFailed([("until", f"Choose a day from today to {MOST_DAYS} days from now")])
    return dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), dt.UTC)
