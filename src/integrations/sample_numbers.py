"""Numbers for samples: ranges that a country's regulator keeps for fiction, so that nobody is called. Pure."""

from typing import NamedTuple

import phonenumbers


class SampleNumber(NamedTuple):
    """A number of a sample."""

    e164: str
    written: str
    """As people in its country write it."""


_RESERVED = {
    "US": ("+14155550123", "+12125550101"),  # NANPA, 555-01xx
    "CA": ("+14165550123", "+16045550101"),  # NANPA, 555-01xx
    "GB": ("+442079460123", "+441614960101"),  # Ofcom, numbers for drama
    "AU": ("+61255501234", "+61370101234"),  # ACMA, numbers for fiction
    "FR": ("+33199001234", "+33261911234"),  # ARCEP, numbers for audiovisual works
    "DE": ("+493023125123", "+498999998123"),  # Bundesnetzagentur, numbers for drama
    "SE": ("+46846500401", "+46313900601"),  # PTS, numbers for books and films
}


def sample_numbers(country: str) -> tuple[SampleNumber, SampleNumber]:
    """Two numbers of ``country``, or of the United States where the regulator keeps none for fiction."""
    first, second = _RESERVED.get(country, _RESERVED["US"])
    return _written(first), _written(second)


def _written(e164: str) -> SampleNumber:
    parsed = phonenumbers.parse(e164)
    return SampleNumber(e164, str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)))
