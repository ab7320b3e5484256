"""Parses dialled digits to a phone number, also when they are written as people in another country dial them. Pure.

The widget's chunk ``phone-numbers`` has the same rules; a test compares the results.
"""

import re
from contextlib import suppress

import phonenumbers
from phonenumbers import CountryCodeSource, NumberParseException, PhoneMetadata, PhoneNumber

_PUNCTUATION = re.compile(r"[^0-9+]+")
_ITU_PREFIX, _AMERICAN_PREFIX = "00", "011"
"""International prefixes that are accepted in every country: people write numbers as other countries dial them."""
_MIN_DIGITS, _MAX_DIGITS = 7, 15
"""Of an E.164 number, calling code included."""
_INTERNATIONAL = (CountryCodeSource.FROM_NUMBER_WITH_PLUS_SIGN, CountryCodeSource.FROM_NUMBER_WITH_IDD)


def read_dialled(dialled: str, country: str) -> PhoneNumber | None:
    """Parse ``dialled``, digits and ASCII punctuation, as dialled in ``country``; None when it cannot be parsed.

    The result may have a length or digits that no assigned number has.
    """
    digits = _PUNCTUATION.sub("", dialled)
    texts = [digits]
    # No area code begins with 00, so 00 is tried first. Some area codes begin with 11, so 011 is tried last.
    if digits.startswith(_ITU_PREFIX):
        texts.insert(0, f"+{digits.removeprefix(_ITU_PREFIX)}")
    if digits.startswith(_AMERICAN_PREFIX):
        texts.append(f"+{digits.removeprefix(_AMERICAN_PREFIX)}")
    readings = []
    for text in texts:
        with suppress(NumberParseException):
            number = _without_zero(phonenumbers.parse(text, country), text, country)
            if _is_e164(number):
                readings.append(number)
    for is_plausible in (_has_pattern, has_length):
        for number in readings:
            if is_plausible(number):
                return number
    return readings[0] if readings else None


def _is_e164(number: PhoneNumber) -> bool:
    digits = f"{number.country_code}{phonenumbers.national_significant_number(number)}"
    return _MIN_DIGITS <= len(digits) <= _MAX_DIGITS


def has_length(number: PhoneNumber) -> bool:
    """True for a number that is as long as numbers of its country are."""
    # Not is_possible_number(): it also accepts a number without its area code.
    possible: bool = phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE
    return possible


def _has_pattern(number: PhoneNumber) -> bool:
    """True if the digits match the pattern of national numbers of its calling code."""
    code = number.country_code or 0
    region = phonenumbers.region_code_for_country_code(code)
    metadata = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
    pattern = metadata.general_desc.national_number_pattern if metadata and metadata.general_desc else None
    return bool(pattern and re.fullmatch(pattern, phonenumbers.national_significant_number(number)))


def _without_zero(number: PhoneNumber, text: str, country: str) -> PhoneNumber:
    """``+34 (0)912 34 56 78`` without the 0 of other countries' trunk prefix, where no number can begin with it."""
    national = phonenumbers.national_significant_number(number)
    if not national.startswith("0") or _has_pattern(number):
        return number
    if phonenumbers.parse(text, country, keep_raw_input=True).country_code_source not in _INTERNATIONAL:
        return number
    with suppress(NumberParseException):
        shorter = phonenumbers.parse(f"+{number.country_code}{national[1:]}")
        return shorter if _has_pattern(shorter) else number
    return number
