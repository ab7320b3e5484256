"""Formats the details of audit events and alerts: one line for each value, and what changed as before → after."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import Markup

from admin.formatters import EMPTY_VALUE, format_limit, humanize_name, limit_name
from calls.limits.limit_names import DEFAULT_LIMITS


def format_details(details: Mapping[str, Any]) -> str | Markup:
    """An object as a list, one line for each key; of "before" and "after" the values that differ."""
    limit = details.get("limit")
    of_limit = limit if isinstance(limit, str) and limit in DEFAULT_LIMITS else ""
    lines = dict(_changed_lines(details))
    lines |= {
        humanize_name(key): _format_value(of_limit, value)
        for key, value in details.items()
        if key not in {"before", "after"}
    }
    items = Markup("").join(
        Markup("<li>{}: <bdi>{}</bdi></li>").format(key, text) for key, text in sorted(lines.items())
    )
    return Markup('<ul class="plain-list">{}</ul>').format(items) if lines else EMPTY_VALUE


def _changed_lines(details: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Label and text of each value that "before" and "after" have differently."""
    before, after = details.get("before"), details.get("after")
    if not (isinstance(before, dict) and isinstance(after, dict)):
        if "before" in details or "after" in details:
            yield "Changed", f"{plain_text(before)} → {plain_text(after)}"
        return
    for key in {**before, **after}:
        old, new = before.get(key), after.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            yield from _changed_lines({"before": old, "after": new})
        elif old != new:
            label = limit_name(key) if key in DEFAULT_LIMITS else humanize_name(key)
            yield label, f"{_format_value(key, old)} → {_format_value(key, new)}"


def _format_value(name: str, value: Any) -> str:
    """A value as text; of the limit ``name`` in its unit."""
    if isinstance(value, str) and value == name:
        return limit_name(name)
    is_amount = name in DEFAULT_LIMITS and isinstance(value, int) and not isinstance(value, bool)
    return format_limit(name, value) if is_amount else plain_text(value)


def plain_text(value: Any) -> str:
    """A value of an object as text."""
    if isinstance(value, list):
        return ", ".join(plain_text(item) for item in value) or EMPTY_VALUE
    if value is None or value == "":
        return EMPTY_VALUE
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
