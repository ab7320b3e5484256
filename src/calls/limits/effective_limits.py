"""Calculates an organization's present limits from its plan, overrides, own settings and the account's age. Pure.

Also checks the limits that an organization enters.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import msgspec

from calls.limits.limit_names import (
    CAPPED_BY,
    DEFAULT_LIMITS,
    DEFAULT_NEW_ORGANIZATION_DAYS,
    FIXED_LIMITS,
    LOWERED_WHEN_NEW,
    NEW_ORGANIZATION_DAYS,
)
from kit.rounding import divide_up
from tenants.plans import Plan

CEILING_FACTORS: Mapping[Plan, int] = {Plan.STARTER: 1, Plan.PRO: 1, Plan.BUSINESS: 2, Plan.ENTERPRISE: 5}
"""The highest multiple of a default that an organization may set for itself, by plan."""
_NEW_ORGANIZATION_DIVISOR = 4
"""The limits in ``LOWERED_WHEN_NEW`` are divided by this while an organization is new."""


class LimitSources(msgspec.Struct, frozen=True):
    """The values from which an organization's limits are calculated."""

    plan: Plan
    founded_at: dt.datetime
    permanent_overrides: Mapping[str, Any] = {}
    """Overrides without an end, from the organization's row."""
    overrides: Mapping[str, int] = {}
    """Overrides by staff that have not ended."""
    own_limits: Mapping[str, Any] = {}
    """The limits that the organization set for itself."""


class EffectiveLimits(msgspec.Struct, frozen=True):
    """The limits that hold now, by name."""

    values: Mapping[str, int]
    base: Mapping[str, int]
    """The limits that hold where the organization set none for itself: the plan's, or those that staff set."""
    chosen: Mapping[str, int]
    """The limits that hold once the organization is no longer new."""
    ceilings: Mapping[str, int]
    """The highest value that the organization may set for each."""
    new_until: dt.datetime | None
    """The time at which the organization stops being new; None when it is not new."""

    def __getitem__(self, name: str) -> int:
        return self.values[name]


def new_account_end(sources: LimitSources) -> dt.datetime:
    """The time at which the organization stops, or stopped, being new."""
    granted = {**sources.permanent_overrides, **sources.overrides}
    return sources.founded_at + dt.timedelta(
        days=int(granted.get(NEW_ORGANIZATION_DAYS, DEFAULT_NEW_ORGANIZATION_DAYS))
    )


def effective_limits(sources: LimitSources, now: dt.datetime) -> EffectiveLimits:
    """The limits that hold ``now``."""
    granted = {**sources.permanent_overrides, **sources.overrides}
    factor = CEILING_FACTORS[sources.plan]
    ceilings = {name: int(granted.get(name, value * factor)) for name, value in DEFAULT_LIMITS.items()}
    base = {name: int(granted.get(name, value)) for name, value in DEFAULT_LIMITS.items()}
    chosen = {name: min(int(sources.own_limits.get(name, base[name])), ceilings[name]) for name in DEFAULT_LIMITS}
    for name, capping_limit in CAPPED_BY.items():
        if name not in granted:
            ceilings[name], base[name] = ceilings[capping_limit], chosen[capping_limit]
        own_limit = int(sources.own_limits.get(name, base[name]))
        chosen[name] = min(own_limit, ceilings[name], chosen[capping_limit])
    ends = new_account_end(sources)
    if ends <= now:
        return EffectiveLimits(chosen, base, chosen, ceilings, None)
    values = {
        name: divide_up(value, _NEW_ORGANIZATION_DIVISOR) if name in LOWERED_WHEN_NEW else value
        for name, value in chosen.items()
    }
    return EffectiveLimits(values, base, chosen, ceilings, ends)


def invalid_limit_message(chosen: Mapping[str, int], ceilings: Mapping[str, int]) -> str | None:
    """A sentence about the first invalid limit that an organization entered; None when all are valid."""
    for name, value in chosen.items():
        if name not in DEFAULT_LIMITS or name in FIXED_LIMITS:
            return f"There is no such limit to set: {name[:64]}"
        if not 0 <= value <= ceilings[name]:
            return f"{name} must be from 0 to {ceilings[name]}"
    return None
