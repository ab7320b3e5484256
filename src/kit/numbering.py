"""Classifies phone numbers by their range in the numbering plan: ordinary, pay-per-call, special, unassigned. Pure.

The types of ranges come from the package ``phonenumbers``; ``numbering.toml`` has the ranges that it lacks, with their
sources. Both the rules for calls and the prices of calls use ``number_range``.
"""

import datetime as dt
import enum
import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import msgspec
import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType

_TABLE_FILE = Path(__file__).with_name("numbering.toml")
_NO_COUNTRY = "001"
"""Region of satellite, international freephone and premium codes: +800 +870 +881 +882 +979 …"""
_PAY_PER_CALL_TYPES = frozenset({PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST})
_OTHER_DENIED_TYPES = frozenset(
    {PhoneNumberType.PERSONAL_NUMBER, PhoneNumberType.PAGER, PhoneNumberType.UAN, PhoneNumberType.VOICEMAIL}
)


class NumberKind(enum.StrEnum):
    """The kind of destination that a number range holds."""

    ORDINARY = "ordinary"
    """A line of a person or an office, or a toll-free number."""
    PAY_PER_CALL = "pay_per_call"
    """The called party earns money from the call."""
    SPECIAL = "special"
    """Personal and company-wide numbers, pagers, mailboxes, satellites: costs differ, or a machine answers."""
    UNASSIGNED = "unassigned"
    """In no range of a numbering plan."""


class NumberRange(msgspec.Struct, frozen=True):
    """The range that a number is in."""

    kind: NumberKind
    country: str | None
    """ISO 3166; None when the digits do not determine it."""


class TableEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A number range of some countries."""

    countries: Sequence[str]
    pattern: str
    """Regular expression for the beginning of the national number."""
    description: str
    source: str


class NumberingTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The contents of ``numbering.toml``: number ranges that the package ``phonenumbers`` lacks."""

    reviewed: dt.date
    pay_per_call: Sequence[TableEntry]
    assigned: Sequence[TableEntry]


def number_range(number: PhoneNumber, home: str) -> NumberRange:
    """The range of a possible ``number``; ``home`` (ISO 3166) is the country from which it is called."""
    country = phonenumbers.region_code_for_number(number)
    if country == _NO_COUNTRY:
        return NumberRange(NumberKind.SPECIAL, None)
    return NumberRange(_kind(number, country, home), country)


@cache
def numbering_table() -> NumberingTable:
    """The table. Raises: msgspec.ValidationError."""
    return msgspec.convert(tomllib.loads(_TABLE_FILE.read_text()), NumberingTable)


def _kind(number: PhoneNumber, country: str | None, home: str) -> NumberKind:
    package_type, digits = phonenumbers.number_type(number), phonenumbers.national_significant_number(number)
    # A number of unknown type has no country; then the main country of its calling code is used.
    plan_country = country or phonenumbers.region_code_for_country_code(number.country_code or 0)
    if package_type in _PAY_PER_CALL_TYPES or _matches("pay_per_call", plan_country, digits):
        return NumberKind.PAY_PER_CALL
    if package_type in _OTHER_DENIED_TYPES:
        return NumberKind.SPECIAL
    if package_type != PhoneNumberType.UNKNOWN:
        return NumberKind.ORDINARY
    is_at_home = number.country_code == phonenumbers.country_code_for_region(home) and country in (None, home)
    if is_at_home and _matches("assigned", home, digits):
        return NumberKind.ORDINARY
    return NumberKind.UNASSIGNED


def _matches(part: str, country: str, digits: str) -> bool:
    pattern = _patterns(part).get(country)
    return pattern is not None and pattern.match(digits) is not None


@cache
def _patterns(part: str) -> Mapping[str, re.Pattern[str]]:
    """One pattern for each country that the part of the table names."""
    by_country: dict[str, list[str]] = {}
    for entry in getattr(numbering_table(), part):
        for country in entry.countries:
            by_country.setdefault(country, []).append(entry.pattern)
    return {country: re.compile("|".join(patterns)) for country, patterns in by_country.items()}
