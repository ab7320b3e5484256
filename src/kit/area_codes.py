"""Area codes of phone numbers: an example for each country, and the area code of a given number. Pure."""

from collections.abc import Mapping
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumberType

_NORTH_AMERICA, _AMERICAN_AREA_DIGITS = 1, 3
_WELL_KNOWN_CODES: Mapping[str, str] = {
    "AU": "2",
    "CA": "416",
    "CH": "44",
    "GB": "20",
    "IE": "1",
    "IN": "22",
    "MX": "55",
    "NL": "20",
    "US": "415",
}
"""By country: area codes that more people know than the area code of the library's example number."""


@lru_cache(maxsize=256)
def example_area_code(country: str) -> str:
    """An area code of ``country`` without trunk prefix: ``30`` in DE; empty where numbers have no area codes."""
    if country in _WELL_KNOWN_CODES:
        return _WELL_KNOWN_CODES[country]
    number = phonenumbers.example_number_for_type(country, PhoneNumberType.FIXED_LINE)
    if number is None:
        return ""
    digits: str = phonenumbers.national_significant_number(number)
    return digits[: phonenumbers.length_of_geographical_area_code(number)]


def area_of(e164: str) -> str:
    """The calling code and the area code of a number, like ``+1415``; empty where its numbers have no area codes."""
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return ""
    digits: str = phonenumbers.national_significant_number(number)
    # For North American numbers that the library considers invalid, it returns no area code.
    is_american = number.country_code == _NORTH_AMERICA
    length = _AMERICAN_AREA_DIGITS if is_american else phonenumbers.length_of_geographical_area_code(number)
    return f"+{number.country_code}{digits[:length]}" if length else ""
