"""Rules that a requested call must meet, independent of usage: token, plan, number, destination. Pure."""

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


def ensure_may_call(context: CallContext, shown: FromNumber | FromNotAllowed | None) -> FromNumber:
    """The rules of the exchange, checked again, and that calls are not paused; return the number that the call shows.

    Raises: RevokedEmbedToken, OrganizationSuspended, PlanTooLow, NoPhoneNumber, FromNotAllowed, CallsPaused.
    """
    if context.revoked:
        raise RevokedEmbedToken
    tenant_rules.ensure_not_suspended(context.suspended)
    tenant_rules.ensure_widget_plan(context.plan)
    if shown is None:
        raise NoPhoneNumber
    if isinstance(shown, FromNotAllowed):
        raise shown
    if context.paused:
        raise CallsPaused
    return shown


def ensure_destination(context: CallContext, destination: Destination) -> None:
    """Raises: NumberBlocked, CountryNotEnabled."""
    if context.blocked:
        raise NumberBlocked(RefusalDetails(scope="organization", who=FixedBy.ADMIN))
    country, new_until, tokens_own = destination.country, context.limits.new_until, context.token_countries
    is_listed = country in callable_countries(context.country, context.countries)
    is_on_token = tokens_own is None or country in callable_countries(context.country, tokens_own)
    if new_until is not None and country not in callable_countries(context.country, None, is_new=True):
        # A country that only the token lacks is added on the token's page, so the details name the token.
        scope = "token" if is_listed and not is_on_token else "organization"
        rule = RefusalDetails(country=country, home=context.country, until=rfc3339(new_until), scope=scope)
        listed = True if is_listed and is_on_token else None
        raise CountryNotEnabled(msgspec.structs.replace(rule, listed=listed, who=FixedBy.SUPPORT))
    if not is_listed:
        raise CountryNotEnabled(RefusalDetails(country=country, scope="organization", who=FixedBy.ADMIN))
    if not is_on_token:
        raise CountryNotEnabled(RefusalDetails(country=country, scope="token", who=FixedBy.ADMIN))
