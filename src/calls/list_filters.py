"""Parses the query filters of the list of calls (number, status, direction, end reason, name); labels end reasons."""

from collections.abc import Mapping

from calls.call_state import VOICEMAIL_DROPPED_REASON
from calls.models import CallStatus, Direction
from calls.number_search import NumberSearch
from kit.errors import ValidationFailed
from kit.number_patterns import number_patterns
from kit.text import is_valid_text
from widget.refusals import REFUSALS, Occasion

_MAX_NUMBER_CHARACTERS = 32
MAX_NAME_FILTER_CHARACTERS = 100
END_REASONS: Mapping[str, str] = {
    **{code: row.label for code, row in REFUSALS.items() if row.is_of_call or Occasion.END in row.occasions},
    "busy": "Busy",
    "no-answer": "No answer",
    "failed": "Failed",
    "canceled": "Canceled",
    "voicemail": "Voicemail",
    "abandoned": "Abandoned",
    "outside_hours": "Outside hours",
    "blocked": "Asked not to be called",
    VOICEMAIL_DROPPED_REASON: "Voicemail left in the mailbox",
}
"""The end reasons of calls, each with its label for people."""


def parse_number_filter(number: str | None, country: str) -> NumberSearch | None:
    """The number search for text that somebody in ``country`` typed, in a national format, or a part of a number.

    Raises:
        ValidationFailed: it has no digits, or is too long.
    """
    if number is None:
        return None
    if len(number) > _MAX_NUMBER_CHARACTERS:
        raise ValidationFailed([("number", f"At most {_MAX_NUMBER_CHARACTERS} characters")])
    if not is_valid_text(number):
        raise ValidationFailed([("number", "Type digits of a phone number")])
    patterns = number_patterns(number, country)
    if not patterns:
        raise ValidationFailed([("number", "Type digits of a phone number")])
    return NumberSearch(number, tuple(patterns))


def parse_status_filter(status: str | None) -> CallStatus | None:
    """The status to filter by. Raises: ValidationFailed."""
    if status is None:
        return None
    try:
        return CallStatus(status)
    except ValueError as error:
        raise ValidationFailed([("status", f"There is no such status; take one of {', '.join(CallStatus)}")]) from error


def parse_direction_filter(direction: str | None) -> Direction | None:
    """The direction to filter by. Raises: ValidationFailed."""
    if direction is None:
        return None
    try:
        return Direction(direction)
    except ValueError as error:
        choices = " or ".join(Direction)
        raise ValidationFailed([("direction", f"There is no such direction; take {choices}")]) from error


def parse_end_reason_filter(code: str | None) -> str | None:
    """The end reason to filter by. Raises: ValidationFailed."""
    if code is not None and code not in END_REASONS:
        raise ValidationFailed([("end_reason", f"There is no such end reason; take one of {', '.join(END_REASONS)}")])
    return code


def parse_name_filter(name: str | None) -> str | None:
    """The part of a name or company to search for, on one line.

    Raises:
        ValidationFailed: it is empty, too long, or has characters that no name contains.
    """
    if name is None:
        return None
    if not name.strip() or not is_valid_text(name) or len(name) > MAX_NAME_FILTER_CHARACTERS:
        sentence = f"Type a part of a name or company, at most {MAX_NAME_FILTER_CHARACTERS} characters"
        raise ValidationFailed([("name", sentence)])
    return " ".join(name.split())
