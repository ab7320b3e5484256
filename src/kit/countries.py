"""Countries that have a numbering plan, with their English names."""

from collections.abc import Mapping
from functools import cache

import phonenumbers
from babel import Locale

_NAMES_WITH_ARTICLE = frozenset(
    [
        "AE",
        "AX",
        "BQ",
        "BS",
        "CC",
        "CF",
        "CK",
        "DO",
        "FK",
        "FO",
        "GB",
        "GM",
        "IM",
        "IO",
        "KM",
        "KY",
        "MH",
        "MP",
        "MV",
        "NL",
        "PH",
        "PS",
        "SB",
        "SC",
        "TC",
        "US",
        "VG",
        "VI",
    ]
)
"""The countries whose names have an article in a sentence."""


@cache
def countries() -> Mapping[str, str]:
    """Country names by ISO 3166 two-letter code, sorted by name."""
    names = Locale("en").territories
    return dict(sorted(((code, names[code]) for code in phonenumbers.SUPPORTED_REGIONS), key=lambda item: item[1]))


def country_name(code: str) -> str:
    """The English name of a country or territory, or the code itself when it is unknown."""
    # Codes of digits are parts of the world.
    return countries().get(code) or (Locale("en").territories.get(code, code) if code.isalpha() else code)


def country_in_sentence(code: str) -> str:
    """The name as ``country_name``, with the article that it has in a sentence: ``the United Kingdom``."""
    return f"the {country_name(code)}" if code in _NAMES_WITH_ARTICLE else country_name(code)
