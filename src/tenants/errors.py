"""Refusals about organizations."""

from kit.errors import Conflict, Forbidden


class PlanTooLow(Forbidden):
    """The plan does not include the widget."""

    code = "plan_not_supported"
    message = "Organization plan does not support widgets"


class OrganizationSuspended(Forbidden):
    """Staff have stopped the organization."""

    code = "organization_suspended"
    message = "Organization is suspended"


class NoPhoneNumber(Conflict):
    """There is no number to call from."""

    code = "no_phone_number"
    message = "No phone number provisioned"


class RoleTooLow(Forbidden):
    """The member's role does not include this."""

    code = "role_too_low"
    message = "Your role in this organization does not allow this"
