"""Texts for people about details of audit events: names and amounts of limits, plans, countries. Pure."""

from typing import Any

from calls.limits.limit_names import NEW_ORGANIZATION_DAYS
from calls.limits.limit_table import LIMIT_TABLE, format_amount, limit_label
from kit.countries import countries
from tenants.plans import Plan

_COUNTRY_KEYS = frozenset({"country", "countries"})
_PLAN_KEYS = frozenset({"plan", "from_plan", "to_plan"})


def limit_title(name: str) -> str | None:
    """The label of the limit ``name``; None when there is no such limit."""
    if name == NEW_ORGANIZATION_DAYS:
        return "Days as a new account"
    return limit_label(name) if name in LIMIT_TABLE else None


def detail_text(key: str, value: Any, *, limit: object = None) -> str | None:
    """The text for a stored value of a limit, a plan or a country; None for other values.

    ``limit`` is the name of the limit that the event is about: whole numbers in the event are amounts of that limit.
    """
    if key == "limit" and isinstance(value, str):
        return limit_title(value)
    if key in _COUNTRY_KEYS and isinstance(value, str):
        return countries().get(value)
    if key in _PLAN_KEYS and isinstance(value, str):
        return value.capitalize() if value in list(Plan) else None
    name = limit if isinstance(limit, str) and key not in LIMIT_TABLE else key
    if isinstance(value, int) and not isinstance(value, bool) and name in LIMIT_TABLE:
        return format_amount(name, value)
    return None
