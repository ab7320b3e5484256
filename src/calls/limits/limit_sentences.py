"""Sentences for customers and staff about a limit: its present value, why it is lowered, how to raise it. Pure."""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from calls.limits.effective_limits import CEILING_FACTORS, EffectiveLimits, LimitSources
from calls.limits.limit_names import CAPPED_BY, DEFAULT_LIMITS, FIXED_LIMITS
from calls.limits.limit_table import format_amount, format_day, limit_label
from tenants.plans import Plan


def is_lowered_for_new(name: str, limits: EffectiveLimits) -> bool:
    """True while the limit is lower than chosen, because the account is new."""
    return limits.new_until is not None and limits[name] < limits.chosen[name]


def limit_sentence(name: str, limits: EffectiveLimits, zone: dt.tzinfo, *, entered: int | None = None) -> str:
    """The state of one limit for customers: ``Minutes per day: 30; 8 until Dec 12, because the account is new``.

    ``entered`` is the value that a person entered, which may be higher than the one that holds.
    """
    chosen = limits.chosen[name]
    sentence = f"{limit_label(name)}: {format_amount(name, chosen)}"
    capping_limit = CAPPED_BY.get(name)
    if entered is not None and entered > chosen and capping_limit is not None:
        sentence += f", because it cannot exceed “{limit_label(capping_limit)}”"
    if is_lowered_for_new(name, limits) and limits.new_until is not None:
        now, until = format_amount(name, limits[name]), format_day(limits.new_until, zone)
        sentence += f"; {now} until {until}, because the account is new"
    return sentence


def ways_to_raise(
    name: str, limits: EffectiveLimits, plan: Plan, zone: dt.tzinfo, *, may_change: bool = True
) -> list[str]:
    """The ways to raise the limit, as sentences for customers; the quickest one first."""
    return list(_ways_to_raise(name, limits, plan, zone, may_change=may_change))


def _ways_to_raise(
    name: str, limits: EffectiveLimits, plan: Plan, zone: dt.tzinfo, *, may_change: bool
) -> Iterator[str]:
    chosen, ceiling = limits.chosen[name], limits.ceilings[name]
    if is_lowered_for_new(name, limits) and limits.new_until is not None:
        yield f"New account: {format_amount(name, chosen)} from {format_day(limits.new_until, zone)}."
    capping_limit = CAPPED_BY.get(name)
    if capping_limit is not None and chosen == limits.chosen[capping_limit]:
        yield f"It cannot exceed “{limit_label(capping_limit)}”."
        return
    if name not in FIXED_LIMITS and chosen < ceiling:
        instruction = "Set it higher" if may_change else "An admin can set it higher"
        yield f"{instruction}, up to {format_amount(name, ceiling)}."
        return
    higher_plan = next_plan(name, ceiling, plan)
    if higher_plan is not None:
        allowed = format_amount(name, DEFAULT_LIMITS[name] * CEILING_FACTORS[higher_plan])
        yield f"{higher_plan.value.capitalize()} allows {allowed}."
    yield "Support can raise it."


def next_plan(name: str, ceiling: int, plan: Plan) -> Plan | None:
    """The lowest plan above ``plan`` on which an organization may set the limit above ``ceiling``."""
    if name in FIXED_LIMITS:
        return None
    higher_plans = (candidate for candidate in Plan if CEILING_FACTORS[candidate] > CEILING_FACTORS[plan])
    default = DEFAULT_LIMITS[name]
    return next((candidate for candidate in higher_plans if default * CEILING_FACTORS[candidate] > ceiling), None)


def staff_sentence(name: str, limits: EffectiveLimits, sources: LimitSources) -> str:
    """The state of one limit for staff, with everything that lowers it: ``8 (the customer's own limit of 30; …)``."""
    causes = list(_lowering_causes(name, limits, sources.own_limits))
    value = format_amount(name, limits[name])
    return f"{value} ({'; '.join(causes)})" if causes else value


def _lowering_causes(name: str, limits: EffectiveLimits, own_limits: Mapping[str, Any]) -> Iterator[str]:
    zone = dt.UTC
    chosen, base = limits.chosen[name], limits.base[name]
    lowered = f"lowered from {format_amount(name, base)} by"
    if name in own_limits and int(own_limits[name]) < base:
        yield f"{lowered} the customer's own limit of {format_amount(name, own_limits[name])}"
    elif chosen < base:
        yield f"{lowered} “{limit_label(CAPPED_BY[name])}”"
    if is_lowered_for_new(name, limits) and limits.new_until is not None:
        day = format_day(limits.new_until, zone)
        yield f"a quarter of {format_amount(name, chosen)} until {day}, because the account is new"
