"""Sentences about the value of an organization's limit, now or after a change by staff, and about what lowers it."""

import datetime as dt
from typing import Any
from uuid import UUID

import msgspec

from admin.actions.staff_action import ActionContext
from admin.formatters import format_limit, limit_name
from calls.limits.effective_limits import LimitSources, effective_limits
from calls.limits.limit_names import LOWERED_WHEN_NEW, NEW_ORGANIZATION_DAYS
from calls.limits.limit_sentences import staff_sentence
from calls.limits.limit_table import LIMIT_TABLE, format_day
from calls.limits.services import CallingRulesService, CallingRulesView
from kit.clock import utc_now
from kit.countries import country_in_sentence, country_name


async def read_rules(context: ActionContext[Any], organization_id: UUID) -> CallingRulesView:
    """The organization's calling rules as they are now."""
    async with context.tenant_session(organization_id) as session:
        return await CallingRulesService(session).get(organization_id)


def with_override(sources: LimitSources, name: str, value: int | None) -> LimitSources:
    """The sources with an override of the limit ``name``, or without one if ``value`` is None."""
    overrides = {other: amount for other, amount in sources.overrides.items() if other != name}
    if value is not None:
        overrides[name] = value
    return msgspec.structs.replace(sources, overrides=overrides)


def limit_state(rules: CallingRulesView, name: str, sources: LimitSources | None = None) -> str:
    """The value that is effective with ``sources``, by default the present ones, and everything that lowers it."""
    sources = sources or rules.sources
    limits = effective_limits(sources, utc_now())
    if name != NEW_ORGANIZATION_DAYS:
        return staff_sentence(name, limits, sources)
    amounts = "; ".join(
        f"{limit_name(each)} {format_limit(each, limits[each])}" for each in LIMIT_TABLE if each in LOWERED_WHEN_NEW
    )
    if limits.new_until is not None:
        day, home = format_day(limits.new_until, dt.UTC), country_in_sentence(rules.country)
        return f"new until {day} (UTC), calls within {home} only. {amounts}"
    countries = ", ".join(sorted(country_name(code) for code in rules.countries)) or "no country"
    return f"no longer new and can call {countries}. {amounts}"


def labelled_limit_state(rules: CallingRulesView, name: str, organization: str) -> str:
    """``limit_state`` as a whole sentence, with the limit's label or the organization's name."""
    state = limit_state(rules, name)
    return f"{organization} is {state}." if name == NEW_ORGANIZATION_DAYS else f"{limit_name(name)}: {state}."
