"""Search for phone numbers: turns a search text into parts or beginnings of stored E.164 numbers. Pure."""

import re
from collections.abc import Sequence

import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata

from kit.e164 import dialing_of
from kit.number_text import clean_number_text

_TRUNK_IN_BRACKETS = re.compile(r"(?<=[0-9])([ .\-/]*)\(0\)")
_NOT_A_DIGIT = re.compile(r"[^0-9]+")
_ITU_INTERNATIONAL_PREFIX = "00"
_INTERNATIONAL_PREFIXES = (_ITU_INTERNATIONAL_PREFIX, "011")
_MIN_NATIONAL_DIGITS = 6
"""From this number of digits on, a search text also finds numbers without its leading zeros."""


def number_patterns(text: str, country: str) -> Sequence[str]:
    """The patterns for a search for ``text`` by a person in ``country``: a number matches if it contains one of them.

    A pattern with ``+`` is the beginning of a number: ``0207`` in GB is ``0207`` or ``+44207``. Empty when ``text`` has
    no digit.
    """
    is_international, digits = _read(text)
    if not digits:
        return ()
    if is_international:
        return (f"+{digits}",)
    dialing = dialing_of(country)
    found = [digits]
    for prefix in (dialing.international_prefix, _ITU_INTERNATIONAL_PREFIX):
        found += _replace_prefix(prefix, digits, "+")
    found += _replace_prefix(dialing.trunk_prefix, digits, f"+{dialing.calling_code}")
    if len(digits.lstrip("0")) >= _MIN_NATIONAL_DIGITS:
        found.append(digits.lstrip("0"))
    # A pattern that contains another pattern is left out: the shorter pattern finds the same numbers.
    return tuple(sorted({long for long in found if not any(short != long and short in long for short in found)}))


def number_prefixes(text: str) -> Sequence[str]:
    """The beginnings of stored numbers that ``text`` may mean in any country; empty when it has no digit.

    For a national number with a trunk prefix there are many, so only a query that uses an index may search for them.
    """
    is_international, digits = _read(text)
    if not digits:
        return ()
    if is_international:
        return (f"+{digits}",)
    found = {f"+{digits}", f"+1{digits}"}
    for prefix in _INTERNATIONAL_PREFIXES:
        found.update(_replace_prefix(prefix, digits, "+"))
    for region in phonenumbers.SUPPORTED_REGIONS:
        metadata = PhoneMetadata.metadata_for_region(region)
        if metadata is None:
            continue
        if metadata.national_prefix:
            for candidate in _replace_prefix(metadata.national_prefix, digits, ""):
                if len(candidate) <= _max_digits(metadata):
                    found.add(f"+{metadata.country_code}{candidate}")
        elif _is_valid(digits, region):
            found.add(f"+{metadata.country_code}{digits}")
    return tuple(sorted(found))


def _read(text: str) -> tuple[bool, str]:
    """True if ``text`` begins with ``+``; and its digits, without a trunk zero in brackets as in ``+44 (0)20``."""
    plain = _TRUNK_IN_BRACKETS.sub("", clean_number_text(text))
    return plain.startswith(("+", "(+")), _NOT_A_DIGIT.sub("", plain)


def _replace_prefix(prefix: str, digits: str, replacement: str) -> list[str]:
    rest = digits.removeprefix(prefix)
    return [f"{replacement}{rest}"] if prefix and rest and rest != digits else []


def _max_digits(metadata: PhoneMetadata) -> int:
    description = metadata.general_desc
    return max(description.possible_length, default=0) if description is not None else 0


def _is_valid(digits: str, region: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(digits, region))
    except NumberParseException:
        return False
