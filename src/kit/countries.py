"""Countries that have a numbering plan, with their English names."""

from collections.abc import Mapping
from functools import cache

import phonenumbers
from babel import Locale


@cache
def countries() -> Mapping[str, str]:
    """Country names by ISO 3166 two-letter code, sorted by name."""
    names = Locale("en").territories
    return dict(sorted(((code, names[code]) for code in phonenumbers.SUPPORTED_REGIONS), key=lambda item: item[1]))


def country_name(code: str) -> str:
    """The English name of a country, or the code itself when the country has no numbering plan."""
    return countries().get(code, code)
