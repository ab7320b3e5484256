"""Reads numbers that somebody searches for, as people write them, as parts of stored E.164 numbers. Pure."""

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
"""The digits that are enough to find a number of any country without its leading zeros."""


def number_patterns(text: str, country: str) -> Sequence[str]:
    """The texts of which a stored number contains one, when somebody in ``country`` searches for ``text``.

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
        found += _after(prefix, digits, "+")
    found += _after(dialing.trunk_prefix, digits, f"+{dialing.calling_code}")
    if len(digits.lstrip("0")) >= _MIN_NATIONAL_DIGITS:
        found.append(digits.lstrip("0"))
    # A pattern that contains another one is left out: the shorter one finds the same numbers.
    return tuple(sorted({one for one in found if not any(other != one and other in one for other in found)}))


def number_prefixes(text: str) -> Sequence[str]:
    """The beginnings of stored numbers that ``text`` may mean in any country; empty when it has no digit.

    Many for a national number with a trunk prefix, so only an index may look them up.
    """
    is_international, digits = _read(text)
    if not digits:
        return ()
    if is_international:
        return (f"+{digits}",)
    found = {f"+{digits}", f"+1{digits}"}
    for prefix in _INTERNATIONAL_PREFIXES:
        found.update(_after(prefix, digits, "+"))
    for region in phonenumbers.SUPPORTED_REGIONS:
        metadata = PhoneMetadata.metadata_for_region(region)
        if metadata is None:
            continue
        if metadata.national_prefix:
            for candidate in _after(metadata.national_prefix, digits, ""):
                if len(candidate) <= _most_digits(metadata):
                    found.add(f"+{metadata.country_code}{candidate}")
        elif _is_valid(digits, region):
            found.add(f"+{metadata.country_code}{digits}")
    return tuple(sorted(found))


def _read(text: str) -> tuple[bool, str]:
    """True for a number with ``+``, and the digits, without a trunk zero in brackets: ``+44 (0)20``."""
    plain = _TRUNK_IN_BRACKETS.sub("", clean_number_text(text))
    return plain.startswith(("+", "(+")), _NOT_A_DIGIT.sub("", plain)


def _after(prefix: str, digits: str, replacement: str) -> list[str]:
    rest = digits.removeprefix(prefix)
    return [f"{replacement}{rest}"] if prefix and rest and rest != digits else []


def _most_digits(metadata: PhoneMetadata) -> int:
    described = metadata.general_desc
    return max(described.possible_length, default=0) if described is not None else 0


def _is_valid(digits: str, region: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(digits, region))
    except NumberParseException:
        return False
