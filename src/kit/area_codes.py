"""Examples of area codes, by country."""

from collections.abc import Mapping
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumberType

_WELL_KNOWN: Mapping[str, str] = {
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
"""Codes that more people know than that of the library's example number."""


@lru_cache(maxsize=256)
def example_area_code(country: str) -> str:
    """An area code of ``country`` without trunk prefix: ``30`` in DE; empty where numbers have no area codes."""
    if country in _WELL_KNOWN:
        return _WELL_KNOWN[country]
    number = phonenumbers.example_number_for_type(country, PhoneNumberType.FIXED_LINE)
    if number is None:
        return ""
    digits: str = phonenumbers.national_significant_number(number)
    return digits[: phonenumbers.length_of_geographical_area_code(number)]
