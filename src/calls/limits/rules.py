"""Rules that an outgoing call must meet, independent of usage: token, plan, caller id, pause, destination. Pure."""

import msgspec

from calls.errors import CallsPaused, CountryNotEnabled, NumberBlocked
from calls.limits.call_context import CallContext
from calls.limits.destinations import Destination, callable_countries
from kit.schemas import rfc3339
from phone_numbers.errors import FromNotAllowed
from phone_numbers.from_numbers import FromNumber
from tenants import rules as tenant_rules
from tenants.errors import NoPhoneNumber
from widget.errors import RevokedEmbedToken
from widget.refusals import FixedBy, RefusalDetails


def ensure_may_call(context: CallContext, from_number: FromNumber | FromNotAllowed | None) -> FromNumber:
    """Check the rules of the exchange again, and that calls are not paused; return the number that the call shows.

    Raises: RevokedEmbedToken, OrganizationSuspended, PlanTooLow, NoPhoneNumber, FromNotAllowed, CallsPaused.
    """
    if context.is_revoked:
        raise RevokedEmbedToken
    tenant_rules.ensure_not_suspended(context.is_suspended)
    tenant_rules.ensure_widget_plan(context.plan)
    if from_number is None:
        raise NoPhoneNumber
    if isinstance(from_number, FromNotAllowed):
        raise from_number
    if context.is_paused:
        raise CallsPaused
    return from_number


def ensure_destination(context: CallContext, destination: Destination) -> None:
    """Check the block list and the enabled countries. Raises: NumberBlocked, CountryNotEnabled."""
    if context.is_blocked:
        raise NumberBlocked(RefusalDetails(scope="organization", who=FixedBy.ADMIN))
    country, new_until, token_countries = destination.country, context.limits.new_until, context.token_countries
    is_listed = country in callable_countries(context.country, context.countries)
    is_on_token = token_countries is None or country in callable_countries(context.country, token_countries)
    if new_until is not None and country not in callable_countries(context.country, None, is_new=True):
        # Scope "token" if only the token lacks the country: an admin then adds it on the token's page.
        scope = "token" if is_listed and not is_on_token else "organization"
        rule = RefusalDetails(country=country, home=context.country, until=rfc3339(new_until), scope=scope)
        listed = True if is_listed and is_on_token else None
        raise CountryNotEnabled(msgspec.structs.replace(rule, listed=listed, who=FixedBy.SUPPORT))
    if not is_listed:
        raise CountryNotEnabled(RefusalDetails(country=country, scope="organization", who=FixedBy.ADMIN))
    if not is_on_token:
        raise CountryNotEnabled(RefusalDetails(country=country, scope="token", who=FixedBy.ADMIN))
