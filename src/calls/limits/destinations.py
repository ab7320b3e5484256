"""Which countries an organization calls. Pure."""

from collections.abc import Sequence

import msgspec

from kit.e164 import InvalidPhoneNumber, parse_dialled, region_of

_SHARED_NUMBERING_PLANS = (
    frozenset({"GB", "GG", "IM", "JE"}),
    frozenset({"FI", "AX"}),
    frozenset({"NO", "SJ"}),
    frozenset({"AU", "CC", "CX"}),
)
"""Numbering plans that people take for one: +44 7911 123456 looks like any British mobile and is Guernsey's."""
_DEFAULT_FOREIGN_COUNTRIES = {"US": frozenset({"CA"}), "CA": frozenset({"US"})}


class Destination(msgspec.Struct, frozen=True):
    """A number to dial."""

    number: str
    """E.164."""
    country: str
    """ISO 3166."""


def parse_destination(dialled: str, country: str) -> Destination:
    """Where what somebody in ``country`` dialled leads. Raises: InvalidPhoneNumber, EmergencyNumber."""
    number = parse_dialled(dialled, country)
    # Numbers without a country are let through at home only.
    return Destination(number, region_of(number) or country)


def home_countries(country: str) -> frozenset[str]:
    """What counts as domestic in ``country``."""
    return next((group for group in _SHARED_NUMBERING_PLANS if country in group), frozenset({country}))


def callable_countries(country: str, chosen: Sequence[str] | None, *, is_new: bool = False) -> frozenset[str]:
    """The countries that an organization in ``country`` may call; new ones call at home only."""
    home = home_countries(country)
    if is_new:
        return home
    enabled = _DEFAULT_FOREIGN_COUNTRIES.get(country, frozenset()) if chosen is None else frozenset(chosen)
    return home.union(*(home_countries(code) for code in enabled))


def selected_countries(country: str, chosen: Sequence[str] | None) -> list[str]:
    """The countries as people choose them: the home country, and what is enabled besides."""
    enabled = _DEFAULT_FOREIGN_COUNTRIES.get(country, frozenset()) if chosen is None else frozenset(chosen)
    return sorted({country, *enabled})


def parse_blockable_number(typed: str, country: str) -> str:
    """A number for the block list, as it is stored. Raises: InvalidPhoneNumber, EmergencyNumber."""
    try:
        if typed.strip().startswith("+"):
            # What must never be dialled may be blocked as well: a premium number is no mistake here.
            region_of(compact := "".join(mark for mark in typed if mark not in " ()-./\u00a0"))
            return compact
    except InvalidPhoneNumber:
        pass
    return parse_dialled(typed, country)
