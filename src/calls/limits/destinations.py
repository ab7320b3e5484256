"""Parses numbers to call or to block, and decides which countries an organization may call. Pure."""

from collections.abc import Sequence

import msgspec

from kit.e164 import InvalidPhoneNumber, has_complete_length, parse_dialled, region_of
from kit.number_text import clean_number_text

_SHARED_NUMBERING_PLANS = (
    frozenset({"GB", "GG", "IM", "JE"}),
    frozenset({"FI", "AX"}),
    frozenset({"NO", "SJ"}),
    frozenset({"AU", "CC", "CX"}),
)
"""Countries that share a calling code and number formats: +44 7911 123456 is Guernsey's, but looks British."""
_DEFAULT_FOREIGN_COUNTRIES = {"US": frozenset({"CA"}), "CA": frozenset({"US"})}


class IncompleteNumber(InvalidPhoneNumber):
    """A number with more or fewer digits than numbers of its country have."""

    message = "Numbers of this country have more or fewer digits; give the whole number with its area code"


class Destination(msgspec.Struct, frozen=True):
    """A number to dial."""

    number: str
    """E.164."""
    country: str
    """ISO 3166."""


def parse_destination(dialled: str, country: str) -> Destination:
    """The number that ``dialled`` means if dialled in ``country``. Raises: InvalidPhoneNumber, EmergencyNumber."""
    number = parse_dialled(dialled, country)
    # Numbers without a country count as domestic.
    return Destination(number, region_of(number) or country)


def home_countries(country: str) -> frozenset[str]:
    """The countries that count as domestic in ``country``."""
    return next((group for group in _SHARED_NUMBERING_PLANS if country in group), frozenset({country}))


def callable_countries(country: str, chosen: Sequence[str] | None, *, is_new: bool = False) -> frozenset[str]:
    """The countries that an organization in ``country`` may call; a new organization may call its home country only."""
    home = home_countries(country)
    if is_new:
        return home
    enabled = _DEFAULT_FOREIGN_COUNTRIES.get(country, frozenset()) if chosen is None else frozenset(chosen)
    return home.union(*(home_countries(code) for code in enabled))


def selected_countries(country: str, chosen: Sequence[str] | None) -> list[str]:
    """The countries as the settings page shows them: the home country and the enabled foreign ones."""
    enabled = _DEFAULT_FOREIGN_COUNTRIES.get(country, frozenset()) if chosen is None else frozenset(chosen)
    return sorted({country, *enabled})


def parse_blockable_number(typed: str, country: str) -> str:
    """A number for the block list, E.164. Raises: InvalidPhoneNumber, IncompleteNumber, EmergencyNumber."""
    number = parse_stored_number(typed, country)
    if not has_complete_length(number):
        raise IncompleteNumber
    return number


def parse_stored_number(typed: str, country: str) -> str:
    """A typed number as records contain it, E.164; also one that can never be dialled, such as a premium number.

    Raises: InvalidPhoneNumber, EmergencyNumber.
    """
    try:
        if (cleaned := clean_number_text(typed)).startswith("+"):
            region_of(compact := "".join(mark for mark in cleaned if mark not in " ()-./"))
            return compact
    except InvalidPhoneNumber:
        pass
    return parse_dialled(typed, country)
