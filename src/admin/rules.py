"""Rules of the back office: roles, networks, and values entered on its forms."""

import datetime as dt

from admin.errors import StaffRoleTooLow
from admin.models import StaffRole
from kit.e164 import mask_phone_numbers
from kit.errors import ValidationFailed
from kit.http.client_ip_address import is_in_networks
from kit.parsing import parse_day
from kit.text import is_valid_text
from tenants.plans import Plan

MAX_REASON_CHARACTERS = 500
MAX_OVERRIDE_DAYS = 366
"""The last day of a limit override is at most this many days away."""


def ensure_staff_role(role: StaffRole, minimum: StaffRole) -> None:
    """Require a role of at least ``minimum``. Raises: StaffRoleTooLow."""
    if role.rank < minimum.rank:
        raise StaffRoleTooLow


def is_allowed_network(ip_address: str, networks: tuple[str, ...]) -> bool:
    """True when ``ip_address`` is in one of ``networks``, or ``networks`` is empty; an unknown one is in no network."""
    return not networks or is_in_networks(ip_address, networks)


def read_reason(text: str) -> str:
    """The reason of a staff action, without phone numbers. Raises: ValidationFailed."""
    # Somebody may ask later to erase a number: one that was never stored need not be found in free text.
    reason = mask_phone_numbers(" ".join(text.split())) if is_valid_text(text) else ""
    if not reason:
        raise ValidationFailed([("reason", "Say why: the audit log keeps it")])
    if len(reason) > MAX_REASON_CHARACTERS:
        raise ValidationFailed([("reason", f"At most {MAX_REASON_CHARACTERS} characters")])
    return reason


def read_plan(text: str) -> Plan:
    """A plan chosen on a form. Raises: ValidationFailed."""
    try:
        return Plan(text)
    except ValueError as error:
        raise ValidationFailed([("plan", "Choose a plan from the list")]) from error


def read_last_day(text: str, now: dt.datetime) -> dt.datetime:
    """Midnight UTC at the end of the last day of a limit override. Raises: ValidationFailed."""
    try:
        day = parse_day(text.strip())
    except ValueError:
        raise ValidationFailed([("until", "Give a day, like 2026-12-31")]) from None
    if not 0 <= (day - now.date()).days <= MAX_OVERRIDE_DAYS:
        raise ValidationFailed([("until", f"Choose a day from today to {MAX_OVERRIDE_DAYS} days from now")])
    return dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), dt.UTC)
