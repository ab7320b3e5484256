"""Decides what kind of number an E.164 number is: ordinary, pay-per-call, or assigned to nobody. Pure.

Types come from the package ``phonenumbers``; what it does not tell stands, dated and with its source, in
``numbering.toml``. Policy and price both ask ``number_range``.
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
    """A line of a person or an office, or a free one."""
    PAY_PER_CALL = "pay_per_call"
    """The called party earns from the call."""
    SPECIAL = "special"
    """Personal and company-wide numbers, pagers, mailboxes, satellites: costs differ, or a machine answers."""
    UNASSIGNED = "unassigned"
    """In no numbering plan."""


class NumberRange(msgspec.Struct, frozen=True):
    """The range that a number is in."""

    kind: NumberKind
    country: str | None
    """ISO 3166; None when the digits do not determine it."""


class TableEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row of the table."""

    countries: Sequence[str]
    pattern: str
    what: str
    source: str


class NumberingTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file ``numbering.toml``."""

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
    of_package, digits = phonenumbers.number_type(number), phonenumbers.national_significant_number(number)
    # A number of no known type has no country; its calling code has one that stands for it.
    plan = country or phonenumbers.region_code_for_country_code(number.country_code or 0)
    if of_package in _PAY_PER_CALL_TYPES or _matches("pay_per_call", plan, digits):
        return NumberKind.PAY_PER_CALL
    if of_package in _OTHER_DENIED_TYPES:
        return NumberKind.SPECIAL
    if of_package != PhoneNumberType.UNKNOWN:
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
    of_country: dict[str, list[str]] = {}
    for entry in getattr(numbering_table(), part):
        for country in entry.countries:
            of_country.setdefault(country, []).append(entry.pattern)
    return {country: re.compile("|".join(patterns)) for country, patterns in of_country.items()}
