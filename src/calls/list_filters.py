"""Reads the filters of a list of calls that need more than their type: the phone number to search for."""

from kit.errors import ValidationFailed
from kit.text import is_valid_text

_MAX_NUMBER_CHARACTERS = 32


def parse_number_filter(number: str | None) -> str | None:
    """The digits that a search for a number looks for, without punctuation: see ``CallFilters.number``.

    Raises:
        ValidationFailed: it has no digits, or is too long.
    """
    if number is None:
        return None
    if len(number) > _MAX_NUMBER_CHARACTERS or not is_valid_text(number):
        raise ValidationFailed([("number", "Type digits of a phone number")])
    found = "".join(character for character in number if character.isascii() and character.isdigit())
    if not found:
        raise ValidationFailed([("number", "Type digits of a phone number")])
    return f"+{found}" if number.lstrip().startswith("+") else found
