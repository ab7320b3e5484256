"""Rules about phone numbers: limits, searches, and names at the carrier. Pure."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import phonenumbers
from phonenumbers import PhoneNumberType

from kit.countries import countries
from kit.errors import ValidationFailed
from phone_numbers.errors import TooManyNumbers, TooManyPurchases

HELD_NUMBERS_LIMIT = "phone_numbers"
PURCHASES_LIMIT = "purchases_per_day"
SEARCHES_LIMIT = "number_searches_per_minute"
DEFAULT_LIMITS: Mapping[str, int] = {HELD_NUMBERS_LIMIT: 5, PURCHASES_LIMIT: 3, SEARCHES_LIMIT: 60}
"""Defaults by the name under which an organization's ``limits`` override them."""
ATTEMPTS_PER_PURCHASE = 20
"""Attempts to buy may be this many times the purchases: a failed attempt costs nothing."""
PURCHASE_WINDOW = timedelta(days=1)
_AREA_CODE = re.compile(r"[0-9]{1,6}")
_DIGITS = re.compile(r"[0-9]{2,15}")
_SEPARATORS = re.compile(r"[\s().\-/+]+")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_NOT_LOCAL = frozenset(
    {
        PhoneNumberType.TOLL_FREE,
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.PERSONAL_NUMBER,
        PhoneNumberType.PAGER,
        PhoneNumberType.UAN,
        PhoneNumberType.VOICEMAIL,
    }
)
"""Not sold: they have other prices, and people do not take them for a local business."""
_PURCHASE_NAME = re.compile(
    r"pn:(?:([0-9a-f]{12}):)?([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})"
)


class NumberSearch(msgspec.Struct, frozen=True):
    """The criteria of a search for numbers for sale."""

    country: str
    """ISO 3166 two-letter code."""
    area_code: str | None = None
    contains: str | None = None
    """Digits anywhere in the number."""


class PurchaseName(msgspec.Struct, frozen=True):
    """The parts of a bought number's name at the carrier."""

    deployment: str | None
    """None in names from before deployments had names."""
    purchase_id: UUID


def effective_limit(limits: Mapping[str, Any], name: str) -> int:
    """The limit called ``name``: the organization's own, or the default."""
    return int(limits.get(name, DEFAULT_LIMITS[name]))


def ensure_may_buy(limits: Mapping[str, Any], *, held: int, bought_today: int) -> None:
    """Raises: TooManyNumbers, TooManyPurchases."""
    if held >= effective_limit(limits, HELD_NUMBERS_LIMIT):
        raise TooManyNumbers
    if bought_today >= effective_limit(limits, PURCHASES_LIMIT):
        raise TooManyPurchases


def parse_search(country: str, area_code: str = "", contains: str = "") -> NumberSearch:
    """Parse the search form. Raises: ValidationFailed."""
    code, area, digits = country.strip().upper(), _without_separators(area_code), _without_separators(contains)
    errors = []
    if code not in countries():
        errors.append(("country", "Choose a country, by its two-letter code like US"))
    if area and not _AREA_CODE.fullmatch(area):
        errors.append(("area_code", "An area code has 1 to 6 digits"))
    if digits and not _DIGITS.fullmatch(digits):
        errors.append(("contains", "Enter 2 to 15 digits"))
    if errors:
        raise ValidationFailed(errors)
    return NumberSearch(country=code, area_code=area or None, contains=digits or None)


def exact_search(e164: str) -> NumberSearch:
    """The search that finds exactly ``e164``. Raises: ValidationFailed."""
    country = country_of(e164) if _E164.fullmatch(e164) else ""
    if country not in countries():
        raise ValidationFailed([("number", "Must be a number from the search, like +14155550123")])
    number = phonenumbers.parse(e164)
    if phonenumbers.number_type(number) in _NOT_LOCAL:
        raise ValidationFailed([("number", "Must be a number of a place, not a freephone or special one")])
    national = str(phonenumbers.national_significant_number(number))
    # North America's area codes have a fixed length; elsewhere the digits alone find the number.
    area_code = national[:3] if number.country_code == 1 else None
    return NumberSearch(country=country, area_code=area_code, contains=national)


def country_of(e164: str) -> str:
    """ISO 3166 code of the country that ``e164`` belongs to; empty when it belongs to none."""
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(e164)) or ""
    except phonenumbers.NumberParseException:
        return ""


def friendly_name(deployment: str, purchase_id: UUID) -> str:
    """The name of a number at the carrier, which leads back to its deployment and its purchase; 52 characters."""
    return f"pn:{deployment}:{purchase_id}"


def requested_at(purchase_id: UUID) -> datetime:
    """The time of a purchase, from its UUIDv7."""
    return datetime.fromtimestamp((purchase_id.int >> 80) / 1000, UTC)


def parse_friendly_name(name: str) -> PurchaseName | None:
    """Parse a number's name at the carrier; None for names that ``friendly_name`` never made."""
    found = _PURCHASE_NAME.fullmatch(name)
    return None if found is None else PurchaseName(deployment=found[1], purchase_id=UUID(found[2]))


def _without_separators(typed: str) -> str:
    return _SEPARATORS.sub("", typed)
