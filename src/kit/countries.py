"""Countries with a numbering plan of their own, by their English names."""

from collections.abc import Mapping
from functools import cache

import phonenumbers
from babel import Locale


@cache
def countries() -> Mapping[str, str]:
    """Name by ISO 3166 two-letter code, in the order of the names."""
    names = Locale("en").territories
    return dict(sorted(((code, names[code]) for code in phonenumbers.SUPPORTED_REGIONS), key=lambda item: item[1]))


def country_name(code: str) -> str:
    """The English name of a country, or the code itself when it is none of ours."""
    return countries().get(code, code)
