"""The rules about organizations, each said once. The guards, the exchange and the webhook all call these."""

from tenants.errors import NoPhoneNumber, OrganizationSuspended, PlanTooLow, RoleTooLow
from tenants.models import Role
from tenants.plans import WIDGET_PLANS


def ensure_not_suspended(suspended: bool) -> None:
    """Raises: OrganizationSuspended."""
    if suspended:
        raise OrganizationSuspended


def ensure_widget_plan(plan: str) -> None:
    """Raises: PlanTooLow."""
    if plan not in WIDGET_PLANS:
        raise PlanTooLow


def ensure_phone_number(e164: str | None) -> str:
    """Return the number to call from. Raises: NoPhoneNumber."""
    if e164 is None:
        raise NoPhoneNumber
    return e164


def ensure_role(role: Role, at_least: Role) -> None:
    """Raises: RoleTooLow."""
    if role.rank < at_least.rank:
        raise RoleTooLow
