"""How much may be called: the limits by name, and what each one is for an organization. Pure."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import msgspec

from tenants.plans import Plan

LIVE_CALLS = "live_calls"
LIVE_CALLS_PER_TOKEN = "live_calls_per_token"  # noqa: S105 - a limit's name
LIVE_CALLS_PER_CLIENT = "live_calls_per_phone"
CALLS_PER_MINUTE = "calls_per_minute"
CALLS_PER_MINUTE_PER_TOKEN = "calls_per_minute_per_token"  # noqa: S105 - a limit's name
CALLS_PER_MINUTE_PER_CLIENT = "calls_per_minute_per_phone"
CALLS_PER_DAY = "calls_per_day"
CALLS_TO_NUMBER_PER_HOUR = "calls_to_one_number_per_hour"
FOREIGN_NUMBERS_PER_HOUR = "foreign_numbers_per_hour"
MINUTES_PER_DAY = "minutes_per_day"
MINUTES_PER_MONTH = "minutes_per_month"
CENTS_PER_DAY = "spend_cents_per_day"
CENTS_PER_MONTH = "spend_cents_per_month"
CENTS_PER_DAY_PER_TOKEN = "spend_cents_per_day_per_token"  # noqa: S105 - a limit's name

DEFAULT_COUNTS: Mapping[str, int] = {
    LIVE_CALLS: 10,
    LIVE_CALLS_PER_TOKEN: 5,
    LIVE_CALLS_PER_CLIENT: 1,
    CALLS_PER_MINUTE: 60,
    CALLS_PER_MINUTE_PER_TOKEN: 30,
    CALLS_PER_MINUTE_PER_CLIENT: 6,
    CALLS_PER_DAY: 1000,
    CALLS_TO_NUMBER_PER_HOUR: 10,
    FOREIGN_NUMBERS_PER_HOUR: 20,
}
DEFAULT_AMOUNTS: Mapping[str, int] = {
    MINUTES_PER_DAY: 600,
    MINUTES_PER_MONTH: 5000,
    CENTS_PER_DAY: 2500,
    CENTS_PER_MONTH: 25_000,
    CENTS_PER_DAY_PER_TOKEN: 500,
}
DEFAULT_LIMITS: Mapping[str, int] = {**DEFAULT_COUNTS, **DEFAULT_AMOUNTS}
"""US cents where the name says so."""
NEW_ORGANIZATION_DAYS = "first_days"
"""The override that says for how many days an organization is new."""
DEFAULT_NEW_ORGANIZATION_DAYS = 14
CEILING_FACTORS: Mapping[Plan, int] = {Plan.STARTER: 1, Plan.PRO: 1, Plan.BUSINESS: 2, Plan.ENTERPRISE: 5}
"""How many times the default an organization may give itself."""
FIXED_LIMITS = frozenset({LIVE_CALLS_PER_CLIENT, CALLS_PER_MINUTE_PER_CLIENT})
"""Not for organizations to set: each page load makes a new phone, so these only keep one phone from running wild."""
_NEW_ORGANIZATION_DIVISOR = 4
"""A new organization has this fraction."""
_MAX_OVERRIDE = 2**31 - 1


class LimitSources(msgspec.Struct, frozen=True):
    """What decides an organization's limits."""

    plan: Plan
    founded_at: dt.datetime
    permanent_overrides: Mapping[str, Any] = {}
    """Overrides for good, as the organization's own row holds them."""
    overrides: Mapping[str, int] = {}
    """Overrides of the staff that have not ended."""
    own: Mapping[str, Any] = {}
    """What the organization chose for itself."""


class EffectiveLimits(msgspec.Struct, frozen=True):
    """The limits that hold, by name."""

    values: Mapping[str, int]
    chosen: Mapping[str, int]
    """Those that hold once the organization is no longer new."""
    ceilings: Mapping[str, int]
    """How high the organization may set each."""
    new_until: dt.datetime | None
    """While the organization is new, when that ends."""

    def __getitem__(self, name: str) -> int:
        return self.values[name]


def effective_limits(terms: LimitSources, now: dt.datetime) -> EffectiveLimits:
    """The limits that hold ``now``."""
    granted = {**terms.permanent_overrides, **terms.overrides}
    ceilings = {
        name: int(granted.get(name, value * CEILING_FACTORS[terms.plan])) for name, value in DEFAULT_LIMITS.items()
    }
    base = {name: int(granted.get(name, value)) for name, value in DEFAULT_LIMITS.items()}
    values = {name: min(int(terms.own.get(name, base[name])), ceilings[name]) for name in DEFAULT_LIMITS}
    ends = terms.founded_at + dt.timedelta(days=int(granted.get(NEW_ORGANIZATION_DAYS, DEFAULT_NEW_ORGANIZATION_DAYS)))
    if ends <= now:
        return EffectiveLimits(values, values, ceilings, None)
    return EffectiveLimits(
        {name: -(-value // _NEW_ORGANIZATION_DIVISOR) for name, value in values.items()}, values, ceilings, ends
    )


def wrong_limits(chosen: Mapping[str, int], ceilings: Mapping[str, int]) -> str | None:
    """What is wrong with limits that an organization gives itself; None when nothing is."""
    for name, value in chosen.items():
        if name not in DEFAULT_LIMITS or name in FIXED_LIMITS:
            return f"There is no such limit to set: {name[:64]}"
        if not 0 <= value <= ceilings[name]:
            return f"{name} must be from 0 to {ceilings[name]}"
    return None


def is_overridable(name: str, value: int) -> bool:
    """True for what the staff may override."""
    return (name in DEFAULT_LIMITS or name == NEW_ORGANIZATION_DAYS) and 0 <= value <= _MAX_OVERRIDE
