"""Rules that a requested call must keep, whatever was used of the limits. Pure."""

from calls.errors import DestinationNotAllowed
from calls.limits.call_context import CallContext
from calls.limits.destinations import Destination, callable_countries
from kit.errors import Unavailable
from tenants import rules as tenant_rules
from widget.errors import RevokedEmbedToken


def ensure_may_call(context: CallContext, caller_number: str | None) -> None:
    """The rules of the exchange, checked again, and that calls are not paused.

    Raises: RevokedEmbedToken, OrganizationSuspended, PlanTooLow, NoPhoneNumber, Unavailable.
    """
    if context.revoked:
        raise RevokedEmbedToken
    tenant_rules.ensure_not_suspended(context.suspended)
    tenant_rules.ensure_widget_plan(context.plan)
    tenant_rules.ensure_phone_number(caller_number)
    if context.paused:
        raise Unavailable


def ensure_destination(context: CallContext, destination: Destination) -> None:
    """Raises: DestinationNotAllowed."""
    is_new = context.limits.new_until is not None
    enabled = callable_countries(context.country, context.countries, is_new=is_new)
    if context.token_countries is not None:
        enabled &= callable_countries(context.country, context.token_countries)
    if context.blocked or destination.country not in enabled:
        raise DestinationNotAllowed
