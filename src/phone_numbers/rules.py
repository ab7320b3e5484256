"""Rules about phone numbers: limits of purchases, parsing of search forms, countries, names at the carrier. Pure."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import phonenumbers
from phonenumbers import PhoneNumberType

from carrier.port import AREA_CODE_COUNTRIES, NumberQuery, NumberType
from kit.countries import countries
from kit.e164 import dialing_of, is_e164
from kit.errors import ValidationFailed
from kit.text import is_valid_text, single_line
from phone_numbers.errors import TooManyNumbers, TooManyPurchases

HELD_NUMBERS_LIMIT = "phone_numbers"
PURCHASES_LIMIT = "purchases_per_day"
SEARCHES_LIMIT = "number_searches_per_minute"
DEFAULT_LIMITS: Mapping[str, int] = {HELD_NUMBERS_LIMIT: 5, PURCHASES_LIMIT: 3, SEARCHES_LIMIT: 60}
"""Default limits by name; an organization's ``limits`` override them."""
ATTEMPTS_PER_PURCHASE = 20
"""The limit of attempts to buy is the limit of purchases times this: a failed attempt costs nothing."""
PURCHASE_WINDOW = timedelta(days=1)
_AREA_CODE = re.compile(r"[0-9]{1,6}")
_DIGITS = re.compile(r"[0-9]{2,15}")
_MAX_CITY_CHARACTERS = 64
MAX_NUMBER_NAME_CHARACTERS = 64
_SEPARATORS = re.compile(r"[\s().\-/+]+")
_TYPE_GUESSES = {
    PhoneNumberType.MOBILE: NumberType.MOBILE,
    PhoneNumberType.TOLL_FREE: NumberType.TOLL_FREE,
    PhoneNumberType.UAN: NumberType.NATIONAL,
    PhoneNumberType.VOIP: NumberType.NATIONAL,
    PhoneNumberType.SHARED_COST: NumberType.NATIONAL,
}
"""The carrier's probable type by the library's type; the carrier may list the number under another type."""
_NON_GEOGRAPHIC, _UNKNOWN_REGION = "001", "ZZ"
_PURCHASE_NAME = re.compile(
    r"pn:(?:([0-9a-f]{12}):)?([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})"
)


class PurchaseName(msgspec.Struct, frozen=True):
    """The parts of a bought number's name at the carrier."""

    deployment: str | None
    """None in names that were made before deployments had names."""
    purchase_id: UUID


def effective_limit(limits: Mapping[str, Any], name: str) -> int:
    """The limit called ``name``: the organization's own, or the default."""
    return int(limits.get(name, DEFAULT_LIMITS[name]))


def ensure_may_buy(limits: Mapping[str, Any], *, held: int, bought_today: int) -> None:
    """Check the limits of held numbers and of purchases within a day. Raises: TooManyNumbers, TooManyPurchases."""
    if held >= effective_limit(limits, HELD_NUMBERS_LIMIT):
        raise TooManyNumbers
    if bought_today >= effective_limit(limits, PURCHASES_LIMIT):
        raise TooManyPurchases


def parse_number_name(typed: str) -> str:
    """Normalize an organization's own name for a number, which may be empty. Raises: ValidationFailed."""
    if not is_valid_text(typed):
        raise ValidationFailed([("name", "Control characters are not allowed")])
    if len(typed) > MAX_NUMBER_NAME_CHARACTERS:
        raise ValidationFailed([("name", f"At most {MAX_NUMBER_NAME_CHARACTERS} characters")])
    return single_line(typed, max_characters=MAX_NUMBER_NAME_CHARACTERS)


def parse_search(
    country: str, area_code: str = "", contains: str = "", *, number_type: str = "", locality: str = ""
) -> NumberQuery:
    """Parse the fields of a search; the default type is local. Raises: ValidationFailed."""
    code, digits = country.strip().upper(), _without_separators(contains)
    kind, city = number_type.strip() or NumberType.LOCAL, locality.strip()
    area, errors = "", []
    if code not in countries():
        errors.append(("country", "Choose a country, by its two-letter code like US"))
    if kind not in list(NumberType):
        errors.append(("type", "Choose a type: local, mobile, national or toll-free"))
    try:
        area = _parse_area_code(code, area_code)
    except ValueError as error:
        errors.append(("area_code", str(error)))
    if digits and not _DIGITS.fullmatch(digits):
        errors.append(("contains", "Enter 2 to 15 digits"))
    if len(city) > _MAX_CITY_CHARACTERS or not is_valid_text(city):
        errors.append(("locality", f"Enter a city of at most {_MAX_CITY_CHARACTERS} characters"))
    if not errors and area and digits and code not in AREA_CODE_COUNTRIES:
        errors.append(("contains", "In this country search by area code or by digits, not by both"))
    if errors:
        raise ValidationFailed(errors)
    query = NumberQuery(country=code, number_type=NumberType(kind), locality=city or None)
    if area and code not in AREA_CODE_COUNTRIES:
        return msgspec.structs.replace(query, contains=_number_beginning(code, area))
    return msgspec.structs.replace(query, area_code=area or None, contains=digits or None)


def _parse_area_code(country: str, typed: str) -> str:
    """The area code without prefixes: ``020``, ``20``, ``+44 20`` and ``0044 20`` are ``20`` in GB; empty for none.

    Raises:
        ValueError: not an area code; the message is for customers.
    """
    area = _without_separators(typed)
    if area and country in countries():
        area = _without_prefixes(country, area, is_international=typed.strip().startswith("+"))
    elif not area:
        return ""
    if not _AREA_CODE.fullmatch(area):
        raise ValueError("An area code has 1 to 6 digits")
    return area


def _without_prefixes(country: str, area: str, *, is_international: bool) -> str:
    dialing = dialing_of(country)
    code, code_from_abroad = dialing.calling_code, f"{dialing.international_prefix}{dialing.calling_code}"
    if is_international or (dialing.international_prefix and area.startswith(code_from_abroad)):
        digits = area if is_international else area.removeprefix(dialing.international_prefix)
        if not digits.startswith(code):
            raise ValueError(f"Enter an area code of the chosen country: its country code is +{code}")
        return digits.removeprefix(code)
    if dialing.trunk_prefix and area.startswith(dialing.trunk_prefix):
        return area.removeprefix(dialing.trunk_prefix)
    if area.startswith(code):
        # In Germany 491 may mean +49 1… or the area code 0491.
        raise ValueError(f"Enter the area code without the country code {code}, or begin with +{code}")
    return area


def _number_beginning(country: str, area_code: str) -> str:
    """The beginning (E.164) of the numbers of an area code: ``+4420`` for ``20`` in GB."""
    return f"+{dialing_of(country).calling_code}{area_code}"


def matches_beginning(query: NumberQuery, e164: str) -> bool:
    """False for a number that does not begin as ``query`` requires: the carrier may ignore that part of the query."""
    beginning = query.contains or ""
    return not beginning.startswith("+") or e164.startswith(beginning)


def exact_queries(e164: str, country: str = "", number_type: str = "") -> Sequence[NumberQuery]:
    """Searches of which one finds exactly ``e164``, if it is for sale; the most probable search is first.

    ``country`` and ``number_type`` are those of the search that offered the number, empty where they are not known.

    Raises: ValidationFailed.
    """
    code = country.strip().upper() or (country_of(e164) if is_e164(e164) else "")
    if not is_e164(e164) or (not country and code not in countries()):
        raise ValidationFailed([("number", "Must be a number from the search, like +14155550123")])
    # Validates the country and the type as in a search.
    query = parse_search(code, number_type=number_type)
    known, national = _parsed(e164), e164[1:]
    guess = NumberType.LOCAL
    # A number that the library does not know can be bought if the carrier offers it.
    if known is not None:
        national = str(phonenumbers.national_significant_number(known))
        kind = phonenumbers.number_type(known)
        if kind == PhoneNumberType.PREMIUM_RATE:
            raise ValidationFailed([("number", "Must not be a number that callers pay extra for")])
        guess = _TYPE_GUESSES.get(kind, guess)
    # North America's area codes have a fixed length; elsewhere the digits alone find the number.
    area_code = national[:3] if code in AREA_CODE_COUNTRIES else None
    types = [query.number_type] if number_type else [guess, *(other for other in NumberType if other != guess)]
    return [NumberQuery(country=code, number_type=kind, area_code=area_code, contains=national) for kind in types]


def country_of(e164: str) -> str:
    """ISO 3166 code of the country of ``e164``; empty when it belongs to no country.

    A number that the library does not know counts as a number of the main country of its calling code.
    """
    number = _parsed(e164)
    if number is None:
        return ""
    code = phonenumbers.region_code_for_number(number)
    if code is None and number.country_code is not None:
        code = phonenumbers.region_code_for_country_code(number.country_code)
    return "" if code in (None, _NON_GEOGRAPHIC, _UNKNOWN_REGION) else str(code)


def _parsed(e164: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return None


def friendly_name(deployment: str, purchase_id: UUID) -> str:
    """The name of a number at the carrier, from which its deployment and its purchase can be read; 52 characters."""
    return f"pn:{deployment}:{purchase_id}"


def requested_at(purchase_id: UUID) -> datetime:
    """The time of a request (purchase or address), from the UUIDv7 of its row."""
    return datetime.fromtimestamp((purchase_id.int >> 80) / 1000, UTC)


def parse_friendly_name(name: str) -> PurchaseName | None:
    """Parse a number's name at the carrier; None for names that ``friendly_name`` does not make."""
    found = _PURCHASE_NAME.fullmatch(name)
    return None if found is None else PurchaseName(deployment=found[1], purchase_id=UUID(found[2]))


def _without_separators(typed: str) -> str:
    return _SEPARATORS.sub("", typed)
