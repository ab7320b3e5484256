"""Rules that a requested call must keep, whatever was used of the limits. Pure."""

import msgspec

from calls.errors import CallsPaused, CountryNotEnabled, NumberBlocked
from calls.limits.call_context import CallContext
from calls.limits.destinations import Destination, callable_countries
from kit.schemas import rfc3339
from tenants import rules as tenant_rules
from widget.errors import RevokedEmbedToken
from widget.refusals import FixedBy, RefusalDetails


def ensure_may_call(context: CallContext, caller_number: str | None) -> None:
    """The rules of the exchange, checked again, and that calls are not paused.

    Raises: RevokedEmbedToken, OrganizationSuspended, PlanTooLow, NoPhoneNumber, CallsPaused.
    """
    if context.revoked:
        raise RevokedEmbedToken
    tenant_rules.ensure_not_suspended(context.suspended)
    tenant_rules.ensure_widget_plan(context.plan)
    tenant_rules.ensure_phone_number(caller_number)
    if context.paused:
        raise CallsPaused


def ensure_destination(context: CallContext, destination: Destination) -> None:
    """Raises: NumberBlocked, CountryNotEnabled."""
    if context.blocked:
        raise NumberBlocked(RefusalDetails(scope="organization", who=FixedBy.ADMIN))
    country, new_until = destination.country, context.limits.new_until
    if country not in callable_countries(context.country, context.countries, is_new=new_until is not None):
        if new_until is None:
            raise CountryNotEnabled(RefusalDetails(country=country, scope="organization", who=FixedBy.ADMIN))
        rule = RefusalDetails(country=country, home=context.country, until=rfc3339(new_until), scope="organization")
        raise CountryNotEnabled(msgspec.structs.replace(rule, who=FixedBy.SUPPORT))
    tokens_own = context.token_countries
    if tokens_own is not None and country not in callable_countries(context.country, tokens_own):
        raise CountryNotEnabled(RefusalDetails(country=country, scope="token", who=FixedBy.ADMIN))
