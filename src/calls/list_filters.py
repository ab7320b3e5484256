"""What a list of calls is narrowed to, as its address says it."""

from uuid import UUID

from litestar.params import FromQuery

from calls.models import CallStatus
from calls.services import CallFilters
from kit.db.paging import Moment, read_moment
from kit.errors import ValidationFailed
from kit.text import is_valid_text

_NUMBER_CHARACTERS = 32


def call_filters(
    status: FromQuery[CallStatus | None] = None,
    number: FromQuery[str | None] = None,
    token_id: FromQuery[UUID | None] = None,
    since: Moment = None,
    until: Moment = None,
) -> CallFilters:
    """The filters in a query, for the list and its export alike. Raises: ValidationFailed."""
    return CallFilters(
        status=status,
        number=read_number(number),
        token_id=token_id,
        since=read_moment("since", since),
        until=read_moment("until", until),
    )


def read_number(number: str | None) -> str | None:
    """What a search for a number looks for, whatever punctuation it is typed with: see ``CallFilters.number``.

    Raises:
        ValidationFailed: it has no digits, or is too long.
    """
    if number is None:
        return None
    if len(number) > _NUMBER_CHARACTERS or not is_valid_text(number):
        raise ValidationFailed([("number", "Type digits of a phone number")])
    found = "".join(character for character in number if character.isascii() and character.isdigit())
    if not found:
        raise ValidationFailed([("number", "Type digits of a phone number")])
    return f"+{found}" if number.lstrip().startswith("+") else found
