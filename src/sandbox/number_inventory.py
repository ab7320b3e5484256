"""The sandbox's numbers for sale: fictional ranges of several countries, all of them valid in form."""

import re
from collections.abc import Iterator
from typing import NamedTuple

import phonenumbers

from sandbox.test_numbers import SCRIPTED


class Place(NamedTuple):
    """Where the numbers of one prefix are."""

    locality: str | None
    region: str | None


class Block(NamedTuple):
    """A run of numbers: ``prefix`` and then ``digits`` counted digits from ``first`` on."""

    country: str
    prefix: str
    digits: int
    first: int
    size: int
    place: Place


KNOWN_AREAS = {
    "202": Place("Washington", "DC"),
    "206": Place("Seattle", "WA"),
    "212": Place("New York", "NY"),
    "213": Place("Los Angeles", "CA"),
    "305": Place("Miami", "FL"),
    "312": Place("Chicago", "IL"),
    "404": Place("Atlanta", "GA"),
    "415": Place("San Francisco", "CA"),
    "512": Place("Austin", "TX"),
    "617": Place("Boston", "MA"),
    "702": Place("Las Vegas", "NV"),
    "416": Place("Toronto", "ON"),
    "514": Place("Montreal", "QC"),
    "604": Place("Vancouver", "BC"),
}
NORTH_AMERICA = ("US", "CA")
ABROAD = (
    Block("GB", "+442079460", 3, 0, 1000, Place("London", None)),
    Block("GB", "+441614960", 3, 0, 1000, Place("Manchester", None)),
    Block("GB", "+441134960", 3, 0, 1000, Place("Leeds", None)),
    Block("AU", "+6125550", 4, 0, 1000, Place("Sydney", "NSW")),
    Block("AU", "+6137010", 4, 0, 1000, Place("Melbourne", "VIC")),
    Block("NZ", "+649555", 4, 0, 1000, Place("Auckland", None)),
    Block("IE", "+35315550", 4, 0, 1000, Place("Dublin", None)),
    Block("DE", "+493023125", 3, 0, 1000, Place("Berlin", None)),
    Block("DE", "+498999998", 3, 0, 1000, Place("München", None)),
    Block("FR", "+33199", 6, 0, 1000, Place("Paris", None)),
    Block("NL", "+3120555", 4, 0, 1000, Place("Amsterdam", None)),
    Block("ES", "+3491555", 4, 0, 1000, Place("Madrid", None)),
    Block("IT", "+3902555", 5, 0, 1000, Place("Milano", None)),
)
COUNTRIES = frozenset((*NORTH_AMERICA, *(block.country for block in ABROAD)))
KEYS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")


class ForSale(NamedTuple):
    e164: str
    country: str
    place: Place

    @property
    def friendly(self) -> str:
        """As people of the country write it."""
        parsed = phonenumbers.parse(self.e164)
        return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL))


def search(country: str, area_code: str | None, contains: str | None) -> Iterator[ForSale]:
    """The numbers of ``country`` for sale. ``contains`` may have ``*`` for any digit and letters for their keys.

    Raises:
        LookupError: no numbers of this country are for sale at all.
    """
    if country not in COUNTRIES:
        raise LookupError(country)
    wanted = _pattern(contains)
    for block in _blocks(country, area_code):
        for index in range(block.first, block.first + block.size):
            number = f"{block.prefix}{index:0{block.digits}d}"
            if number not in SCRIPTED and (wanted is None or wanted.search(number)):
                yield ForSale(number, country, block.place)


def for_sale(e164: str) -> ForSale | None:
    """The number as it is for sale, None when it is not."""
    for country in COUNTRIES:
        for block in _blocks(country, e164[2:5] if e164.startswith("+1") else None):
            index = e164.removeprefix(block.prefix)
            if len(index) == block.digits and len(e164) == len(block.prefix) + block.digits and index.isdigit():
                is_inside = block.first <= int(index) < block.first + block.size
                return ForSale(e164, country, block.place) if is_inside and e164 not in SCRIPTED else None
    return None


def _blocks(country: str, area_code: str | None) -> Iterator[Block]:
    if country not in NORTH_AMERICA:
        yield from (block for block in ABROAD if block.country == country and _is_in_area(block, area_code))
        return
    for code in [area_code] if area_code else KNOWN_AREAS:
        prefix = f"+1{code}5550"
        if re.fullmatch(r"[2-9][0-9]{2}", code) and _country_of(f"{prefix}100") == country:
            yield Block(country, prefix, 3, 100, 100, KNOWN_AREAS.get(code, Place(None, None)))


def _is_in_area(block: Block, area_code: str | None) -> bool:
    """Area codes abroad are as people write them, with or without the trunk 0."""
    if area_code is None:
        return True
    national = block.prefix.removeprefix(f"+{phonenumbers.country_code_for_region(block.country)}")
    return national.startswith(area_code.removeprefix("0") if block.country != "IT" else area_code)


def _country_of(e164: str) -> str | None:
    region = phonenumbers.region_code_for_number(phonenumbers.parse(e164))
    return str(region) if region else None


def _pattern(contains: str | None) -> re.Pattern[str] | None:
    if not contains:
        return None
    keys = contains.upper().translate(KEYS)
    return re.compile("".join("[0-9]" if key == "*" else key for key in keys if key in "0123456789*"))
