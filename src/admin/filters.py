"""SQL conditions and parsers that the searches and filters of the back office's lists share."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from starlette.exceptions import HTTPException

from kit.ids import first_uuid7
from kit.number_patterns import number_prefixes as stored_prefixes
from kit.parsing import parse_day as parse_iso_day
from kit.parsing import parse_uuid

_FIRST_DAY, _LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)
_NUMBER = re.compile(r"\(?\+?[0-9 ().\-/]{4,24}")


def parse_id(text: str) -> UUID:
    """Parse an id from a URL. Raises: HTTPException, 404 when ``text`` is no id."""
    try:
        return parse_uuid(text)
    except ValueError as error:
        raise HTTPException(404) from error


def parse_day(text: str) -> date:
    """Parse a day from a URL. Raises: HTTPException, 404 when ``text`` is no day."""
    try:
        return parse_iso_day(text)
    except ValueError as error:
        raise HTTPException(404) from error


def day_problem(text: str) -> str:
    """The sentence about a day that no record can have, else empty. Raises: HTTPException, 404 for no day."""
    is_possible = not text or _FIRST_DAY <= parse_day(text) <= _LAST_DAY
    return "" if is_possible else f"Choose a day from {_FIRST_DAY} to {_LAST_DAY}."


def first_id_of_day(text: str) -> UUID:
    """The lowest id that a row of the day, UTC, can have. Raises: HTTPException, 404 when ``text`` is no day."""
    return _first_id(text, timedelta())


def first_id_after_day(text: str) -> UUID:
    """The lowest id that a row of the next day, UTC, can have. Raises: HTTPException, 404 when ``text`` is no day."""
    return _first_id(text, timedelta(days=1))


def _first_id(text: str, later: timedelta) -> UUID:
    try:
        return first_uuid7(datetime.combine(parse_day(text) + later, time(), UTC))
    except (ValueError, OverflowError) as error:
        raise HTTPException(404) from error


def number_prefixes(text: str) -> Sequence[str]:
    """The possible beginnings of stored numbers for the typed ``text``; empty when it cannot begin a number."""
    return stored_prefixes(text) if _NUMBER.fullmatch(text) else ()


def starts_with(column: Any, text: str) -> sa.ColumnElement[bool]:
    """The condition that ``column`` starts with ``text``; an index with ``text_pattern_ops`` answers it."""
    return sa.type_coerce(column.startswith(text, autoescape=True), sa.Boolean)


def organization_filter(model: Any) -> Callable[[str], sa.ColumnElement[bool]]:
    """Make a filter that takes an organization's id and selects its rows."""
    return lambda text: model.organization_id == parse_id(text)


def equals_enum(column: Any, text: str) -> sa.ColumnElement[bool]:
    """The condition that ``column`` is ``text``; false when the column's enum has no such value."""
    is_known = text in column.type.enums
    return sa.type_coerce(column == text, sa.Boolean) if is_known else sa.false()
