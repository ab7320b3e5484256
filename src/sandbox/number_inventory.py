"""The sandbox's numbers for sale, and their search: ranges of several countries that are reserved for fiction."""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

import phonenumbers

from sandbox.sandbox_numbers import SANDBOX_NUMBERS


class Locality(NamedTuple):
    """The city and the region of a number range."""

    city: str | None
    region: str | None


class NumberType(StrEnum):
    """The types of numbers, by the carrier's names in a country's list of types."""

    LOCAL = "local"
    MOBILE = "mobile"
    NATIONAL = "national"
    TOLL_FREE = "toll_free"

    @property
    def resource(self) -> str:
        """The last part of the path of the list of this type."""
        return self.value.title().replace("_", "")


TYPES_BY_RESOURCE = {number_type.resource: number_type for number_type in NumberType}


class Block(NamedTuple):
    """A range of ``size`` numbers: ``prefix``, then ``digits`` digits that count from ``first``."""

    country: str
    prefix: str
    digits: int
    first: int
    size: int
    locality: Locality
    number_type: NumberType = NumberType.LOCAL


KNOWN_AREAS = {
    "202": Locality("Washington", "DC"),
    "206": Locality("Seattle", "WA"),
    "212": Locality("New York", "NY"),
    "213": Locality("Los Angeles", "CA"),
    "305": Locality("Miami", "FL"),
    "312": Locality("Chicago", "IL"),
    "404": Locality("Atlanta", "GA"),
    "415": Locality("San Francisco", "CA"),
    "512": Locality("Austin", "TX"),
    "617": Locality("Boston", "MA"),
    "702": Locality("Las Vegas", "NV"),
    "416": Locality("Toronto", "ON"),
    "514": Locality("Montreal", "QC"),
    "604": Locality("Vancouver", "BC"),
}
NORTH_AMERICA = ("US", "CA")
_NO_LOCALITY = Locality(None, None)
TOLL_FREE_NUMBERS = ("+18005550", 3, 100, 100, _NO_LOCALITY, NumberType.TOLL_FREE)
INTERNATIONAL_BLOCKS = (
    Block("GB", "+442079460", 3, 0, 1000, Locality("London", None)),
    Block("GB", "+441614960", 3, 0, 1000, Locality("Manchester", None)),
    Block("GB", "+441134960", 3, 0, 1000, Locality("Leeds", None)),
    Block("AU", "+6125550", 4, 0, 1000, Locality("Sydney", "NSW")),
    Block("AU", "+6137010", 4, 0, 1000, Locality("Melbourne", "VIC")),
    Block("NZ", "+649555", 4, 0, 1000, Locality("Auckland", None)),
    Block("IE", "+35315550", 4, 0, 1000, Locality("Dublin", None)),
    Block("DE", "+493023125", 3, 0, 1000, Locality("Berlin", None)),
    Block("DE", "+498999998", 3, 0, 1000, Locality("München", None)),
    Block("FR", "+33199", 6, 0, 1000, Locality("Paris", None)),
    Block("NL", "+3120555", 4, 0, 1000, Locality("Amsterdam", None)),
    Block("ES", "+3491555", 4, 0, 1000, Locality("Madrid", None)),
    Block("IT", "+3902555", 5, 0, 1000, Locality("Milano", None)),
    # The library phonenumbers does not know this range, as it may not know new ranges of the carrier.
    Block("GB", "+447700900", 3, 0, 1000, _NO_LOCALITY, NumberType.MOBILE),
    Block("GB", "+443069990", 3, 0, 1000, _NO_LOCALITY, NumberType.NATIONAL),
    Block("GB", "+448081570", 3, 0, 1000, _NO_LOCALITY, NumberType.TOLL_FREE),
    Block("AU", "+61491570", 3, 0, 1000, _NO_LOCALITY, NumberType.MOBILE),
    Block("FR", "+3363998", 4, 0, 1000, _NO_LOCALITY, NumberType.MOBILE),
)
COUNTRIES = frozenset((*NORTH_AMERICA, *(block.country for block in INTERNATIONAL_BLOCKS)))
KEYPAD_DIGITS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")


class NumberForSale(NamedTuple):
    e164: str
    country: str
    locality: Locality
    number_type: NumberType

    @property
    def national_format(self) -> str:
        """In national format."""
        parsed = phonenumbers.parse(self.e164)
        return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL))


def number_types_of(country: str) -> list[NumberType]:
    """The types of numbers that are for sale in ``country``; empty when the inventory has none."""
    if country in NORTH_AMERICA:
        return [NumberType.LOCAL, NumberType.TOLL_FREE]
    sold = {block.number_type for block in INTERNATIONAL_BLOCKS if block.country == country}
    return [number_type for number_type in NumberType if number_type in sold]


def search(
    country: str, area_code: str | None, contains: str | None, number_type: NumberType = NumberType.LOCAL
) -> Iterator[NumberForSale]:
    """The numbers of ``country`` for sale of one type.

    ``contains`` may have ``*`` for any digit, letters for their keys, and a ``+`` before the digits at the beginning.

    Raises:
        LookupError: the inventory has no numbers of this country and type.
    """
    if number_type not in number_types_of(country):
        raise LookupError(country)
    pattern = _pattern(contains)
    for block in _blocks(country, area_code):
        if block.number_type is not number_type:
            continue
        for index in range(block.first, block.first + block.size):
            number = f"{block.prefix}{index:0{block.digits}d}"
            if number not in SANDBOX_NUMBERS and (pattern is None or pattern.search(number)):
                yield NumberForSale(number, country, block.locality, block.number_type)


def find_for_sale(e164: str) -> NumberForSale | None:
    """The number in the inventory; None when it is not for sale."""
    for country in COUNTRIES:
        for block in _blocks(country, e164[2:5] if e164.startswith("+1") else None):
            index = e164.removeprefix(block.prefix)
            if len(index) == block.digits and len(e164) == len(block.prefix) + block.digits and index.isdigit():
                is_inside = block.first <= int(index) < block.first + block.size
                is_for_sale = is_inside and e164 not in SANDBOX_NUMBERS
                return NumberForSale(e164, country, block.locality, block.number_type) if is_for_sale else None
    return None


def _blocks(country: str, area_code: str | None) -> Iterator[Block]:
    if country not in NORTH_AMERICA:
        yield from (
            block for block in INTERNATIONAL_BLOCKS if block.country == country and _is_in_area(block, area_code)
        )
        return
    if area_code in (None, TOLL_FREE_NUMBERS[0][2:5]):
        yield Block(country, *TOLL_FREE_NUMBERS)
    for code in [area_code] if area_code else KNOWN_AREAS:
        prefix = f"+1{code}5550"
        if re.fullmatch(r"[2-9][0-9]{2}", code) and _country_of(f"{prefix}100") == country:
            yield Block(country, prefix, 3, 100, 100, KNOWN_AREAS.get(code, Locality(None, None)))


def _is_in_area(block: Block, area_code: str | None) -> bool:
    """Area codes outside North America may begin with the trunk 0."""
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
    keys = contains.upper().translate(KEYPAD_DIGITS)
    anchor = "^" if contains.startswith("+") else ""
    return re.compile(
        anchor + "".join({"*": "[0-9]", "+": r"\+"}.get(key, key) for key in keys if key in "+0123456789*")
    )
