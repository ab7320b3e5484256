"""Notices after a change of the calling rules: they name the rules in effect, not only the saved ones. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo

from calls.limits import limit_names as names
from calls.limits.destinations import callable_countries, home_countries
from calls.limits.effective_limits import EffectiveLimits
from calls.limits.limit_sentences import is_lowered_for_new, limit_sentence
from calls.limits.limit_table import format_amount, format_day, limit_label
from calls.limits.rule_input import TokenCallLimits
from calls.limits.services import CallingRulesView
from kit.countries import country_in_sentence, country_name
from kit.e164 import readable, region_of
from tenants.plans import WIDGET_PLANS

_MAX_LISTED_LIMITS = 3
"""A notice lists at most this many changed limits; the table below it shows all."""


def country_enabled_notice(code: str, before: CallingRulesView, after: CallingRulesView) -> str:
    """Say whether calls to a country work after it was put on the list."""
    name = country_name(code)
    if code in home_countries(after.country):
        return f"{name} can always be called: it belongs to your home country"
    listed = f"{name} was on the list already" if code in before.countries else f"{name} is on the list"
    parts = [f"{listed}; {_when_calls_start(code, after)}"]
    count = sum(1 for token in after.tokens if token.countries is not None and not _is_on_list(code, token, after))
    if count:
        parts.append(f"{count} token{' has' if count == 1 else 's have'} a list of countries without it")
    return ". ".join(parts)


def _when_calls_start(code: str, rules: CallingRulesView) -> str:
    if rules.plan not in WIDGET_PLANS:
        return "calls start with a plan that includes them"
    if code not in rules.callable_countries and rules.limits.new_until is not None:
        day = format_day(rules.limits.new_until, rules.zone)
        return f"calls to it start on {day}, when the account is no longer new"
    return "calls to it work from now on"


def _is_on_list(code: str, token: TokenCallLimits, rules: CallingRulesView) -> bool:
    return code in callable_countries(rules.country, token.countries or ())


def country_disabled_notice(code: str, after: CallingRulesView) -> str:
    """Say whether calls to a country are refused after it was taken off the list."""
    name = country_name(code)
    if code in after.callable_countries:
        return f"{name} is off the list, but can still be called: it shares its numbers with a country that is on it"
    return f"Calls to {country_in_sentence(code)} are refused from now on"


def number_unblocked_notice(number: str, after: CallingRulesView) -> str:
    """Say whether a number can be called after it was taken off the block list."""
    country, unblocked = region_of(number) or after.country, f"{readable(number)} is no longer blocked"
    if country in after.callable_countries:
        return f"{unblocked} and can be called"
    if country in after.countries and after.limits.new_until is not None:
        day = format_day(after.limits.new_until, after.zone)
        return f"{unblocked}; calls to {country_in_sentence(country)} start on {day}, when the account is no longer new"
    return f"{unblocked}, but calls to it are refused: {country_in_sentence(country)} is not on the list of countries"


def limits_notice(requested_limits: Mapping[str, int], before: CallingRulesView, after: CallingRulesView) -> str:
    """Name each limit that changed, or that another limit keeps below the value in ``requested_limits``."""
    changed = [
        name
        for name, value in requested_limits.items()
        if after.limits.chosen[name] != before.limits.chosen[name] or value > after.limits.chosen[name]
    ]
    if not changed:
        return "No limit was changed"
    sentences = [_limit_notice(name, requested_limits[name], after) for name in changed]
    more = (
        [f"{len(sentences) - _MAX_LISTED_LIMITS} more are in the table"] if len(sentences) > _MAX_LISTED_LIMITS else []
    )
    return ". ".join([*sentences[:_MAX_LISTED_LIMITS], *more])


def _limit_notice(name: str, requested_limit: int, after: CallingRulesView) -> str:
    return limit_sentence(name, after.limits, after.zone, entered=requested_limit) + _refusal_note(name, after)


def _refusal_note(name: str, rules: CallingRulesView) -> str:
    used, limit = rules.used[name], rules.limits[name]
    if limit == 0:
        return "; all calls are refused"
    # Money is one amount: "$0.17 is used".
    verb = "is" if used == 1 or name in names.MONEY_LIMITS else "are"
    return f"; {format_amount(name, used)} {verb} used, so calls are refused" if used >= limit else ""


def token_limits_notice(token_limits: TokenCallLimits, after: CallingRulesView) -> str:
    """Name the limits of one token, and the organization's limits that are lower."""
    parts = list(_token_parts(token_limits, after))
    return ". ".join(parts) if parts else "This token has no limits of its own: only your calling rules apply"


def _token_parts(token_limits: TokenCallLimits, after: CallingRulesView) -> Iterator[str]:
    limits, zone = after.limits, after.zone
    if token_limits.minutes_per_day is not None:
        yield _token_limit("Minutes per day", token_limits.minutes_per_day, limits, zone, (names.MINUTES_PER_DAY,))
    if token_limits.live_calls is not None:
        organization_limits = (names.LIVE_CALLS_PER_TOKEN, names.LIVE_CALLS)
        yield _token_limit("Calls at once", token_limits.live_calls, limits, zone, organization_limits)
    if token_limits.countries is not None:
        yield _token_countries(token_limits.countries, after)


def _token_limit(
    label: str, value: int, limits: EffectiveLimits, zone: tzinfo, organization_limits: Sequence[str]
) -> str:
    sentence = f"{label}: {value:,}"
    if value == 0:
        return f"{sentence}; this token cannot call"
    lowest = min(organization_limits, key=lambda name: limits[name])
    if limits[lowest] >= value:
        return sentence
    lower = f"{sentence}; your limit “{limit_label(lowest)}” leaves {format_amount(lowest, limits[lowest])}"
    if is_lowered_for_new(lowest, limits) and limits.new_until is not None:
        return f"{lower} until {format_day(limits.new_until, zone)}, because the account is new"
    return lower


def _token_countries(countries: Sequence[str], after: CallingRulesView) -> str:
    chosen = callable_countries(after.country, countries) & _chosen_countries(countries, after)
    missing = sorted(code for code in countries if code not in after.callable_countries)
    sentence = "Countries: " + ", ".join(sorted(country_name(code) for code in chosen))
    if not missing:
        return f"{sentence}; calls work from now on"
    missing_names = ", ".join(country_in_sentence(code) for code in missing)
    if after.limits.new_until is not None and all(code in after.countries for code in missing):
        day = format_day(after.limits.new_until, after.zone)
        return f"{sentence}; calls to {missing_names} start on {day}, when the account is no longer new"
    pronoun = "it" if len(missing) == 1 else "them"
    return f"{sentence}; calls to {missing_names} are refused until your calling rules list {pronoun}"


def _chosen_countries(countries: Sequence[str], after: CallingRulesView) -> frozenset[str]:
    """The countries as people choose them, the home country included."""
    return frozenset(countries) | {after.country}
