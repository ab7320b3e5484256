"""Formats the details of audit events and alerts: one line for each value, and changed values as "before → after"."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import Markup

from admin.formatters import EMPTY_VALUE, humanize_name, limit_name
from calls.incoming.audit_texts import setting_text
from calls.limits.audit_texts import detail_text


def format_details(details: Mapping[str, Any]) -> str | Markup:
    """Format an object as a list, one line for each key; of "before" and "after" only the values that differ."""
    lines = dict(_changed_lines(details))
    lines |= {
        humanize_name(key): _format_value(key, value, limit=details.get("limit"))
        for key, value in details.items()
        if key not in {"before", "after"}
    }
    items = Markup("").join(
        Markup("<li>{}: <bdi>{}</bdi></li>").format(key, text) for key, text in sorted(lines.items())
    )
    return Markup('<ul class="plain-list">{}</ul>').format(items) if lines else EMPTY_VALUE


def _changed_lines(details: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Label and text of each value that differs between "before" and "after"."""
    before, after = details.get("before"), details.get("after")
    if not (isinstance(before, dict) and isinstance(after, dict)):
        if "before" in details or "after" in details:
            yield "Changed", f"{plain_text(before)} → {plain_text(after)}"
        return
    for key in {**before, **after}:
        old, new = before.get(key), after.get(key)
        if isinstance(old, dict) and isinstance(new, dict) and setting_text(key, new) is None:
            yield from _changed_lines({"before": old, "after": new})
        elif old != new:
            yield limit_name(key), f"{_format_value(key, old)} → {_format_value(key, new)}"


def _format_value(key: str, value: Any, *, limit: object = None) -> str:
    """A value as text, in the unit of ``limit`` if it is a limit's."""
    if (text := setting_text(key, value)) is not None:
        return text
    if isinstance(value, list):
        return ", ".join(_format_value(key, item) for item in value) or EMPTY_VALUE
    return detail_text(key, value, limit=limit) or plain_text(value)


def plain_text(value: Any) -> str:
    """A value of an object as text."""
    if isinstance(value, list):
        return ", ".join(plain_text(item) for item in value) or EMPTY_VALUE
    if value is None or value == "":
        return EMPTY_VALUE
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
