"""Sample phone numbers for kits, from ranges that a country's regulator reserves for fiction. Pure."""

from typing import NamedTuple

import phonenumbers


class SampleNumber(NamedTuple):
    """A sample number."""

    e164: str
    national_format: str
    """The number as people in its country write it."""


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
    """Two numbers of ``country``, or of the United States for countries without reserved numbers."""
    first, second = _RESERVED.get(country, _RESERVED["US"])
    return _sample_number(first), _sample_number(second)


def _sample_number(e164: str) -> SampleNumber:
    parsed = phonenumbers.parse(e164)
    return SampleNumber(e164, str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)))
