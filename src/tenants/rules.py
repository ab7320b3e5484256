"""Checks an organization's status, plan, phone number and roles, and parses the fields of its forms.

Guards, the token exchange and the carrier callbacks share the checks.
"""

from kit.actor import Actor, ActorKind
from kit.countries import countries
from kit.errors import ValidationFailed
from kit.text import contains_link, is_valid_text
from kit.time_zones import zone_names
from tenants.errors import NoPhoneNumber, OrganizationSuspended, PlanTooLow, RoleTooLow, UserRequired
from tenants.models import Role
from tenants.plans import WIDGET_PLANS

MAX_NAME_CHARACTERS = 80


def ensure_not_suspended(suspended: bool) -> None:
    """Check that the organization is not suspended. Raises: OrganizationSuspended."""
    if suspended:
        raise OrganizationSuspended


def ensure_widget_plan(plan: str) -> None:
    """Check that the plan includes widgets. Raises: PlanTooLow."""
    if plan not in WIDGET_PLANS:
        raise PlanTooLow


def ensure_phone_number(e164: str | None) -> str:
    """Check that the organization has a number to call from, and return it. Raises: NoPhoneNumber."""
    if e164 is None:
        raise NoPhoneNumber
    return e164


def ensure_role(role: Role, minimum: Role) -> None:
    """Check that ``role`` is ``minimum`` or higher. Raises: RoleTooLow."""
    if role.rank < minimum.rank:
        raise RoleTooLow


def ensure_not_api_key(actor: Actor) -> None:
    """Check that the actor is no API key: only people manage members, keys and ownership. Raises: UserRequired."""
    if actor.kind is ActorKind.API_KEY:
        raise UserRequired


def ensure_may_manage(own_role: Role, *roles: Role) -> None:
    """Check that an admin or owner manages only ``roles`` up to their own role. Raises: RoleTooLow."""
    for role in (Role.ADMIN, *roles):
        ensure_role(own_role, role)


def parse_name(typed: str) -> str:
    """An organization's name as it is stored. Raises: ValidationFailed."""
    name = typed.strip()
    if not is_valid_text(name) or any(character in name for character in "\t\r\n\u2028\u2029"):
        raise ValidationFailed([("name", "Control characters are not allowed")])
    if not name:
        raise ValidationFailed([("name", "Enter the organization's name")])
    if len(name) > MAX_NAME_CHARACTERS:
        raise ValidationFailed([("name", f"At most {MAX_NAME_CHARACTERS} characters")])
    if contains_link(name):
        raise ValidationFailed([("name", "A name cannot contain a web address")])
    return name


def parse_country(typed: str) -> str:
    """A country's ISO 3166 code as it is stored. Raises: ValidationFailed."""
    code = typed.strip().upper()
    if code not in countries():
        raise ValidationFailed([("country", "Choose a country, by its two-letter code like US")])
    return code


def parse_time_zone(typed: str) -> str | None:
    """A time zone's name as it is stored; None when nothing is typed. Raises: ValidationFailed."""
    name = typed.strip()
    if name and name not in zone_names():
        raise ValidationFailed([("time_zone", "Choose a time zone, by its IANA name like Europe/Berlin")])
    return name or None


def parse_role(typed: str) -> Role:
    """A role from a form. Raises: ValidationFailed."""
    try:
        return Role(typed)
    except ValueError as error:
        raise ValidationFailed([("role", "Choose a role from the list")]) from error
