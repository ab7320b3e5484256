"""The rules about phone numbers: how many, and what can be searched for and bought. Pure."""

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

NUMBERS = "phone_numbers"
PURCHASES = "purchases_per_day"
SEARCHES = "number_searches_per_minute"
LIMITS: Mapping[str, int] = {NUMBERS: 5, PURCHASES: 3, SEARCHES: 60}
"""Defaults by the name under which an organization's ``limits`` override them."""
ATTEMPTS_PER_PURCHASE = 20
"""Clicks and taken numbers cost nothing but the carrier's patience: they are counted more generously."""
DAY = timedelta(days=1)
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
"""Sold at other prices, and no caller ID that people take for a business next door."""
_NAME = re.compile(r"pn:([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})")


class Search(msgspec.Struct, frozen=True):
    """What to look for among the numbers for sale."""

    country: str
    """ISO 3166 two-letter code."""
    area_code: str | None = None
    contains: str | None = None
    """Digits anywhere in the number."""


def limit(limits: Mapping[str, Any], name: str) -> int:
    """The limit called ``name``: the organization's own, or the default."""
    return int(limits.get(name, LIMITS[name]))


def ensure_room(limits: Mapping[str, Any], *, held: int, bought_today: int) -> None:
    """Raises: TooManyNumbers, TooManyPurchases."""
    if held >= limit(limits, NUMBERS):
        raise TooManyNumbers
    if bought_today >= limit(limits, PURCHASES):
        raise TooManyPurchases


def read_search(country: str, area_code: str = "", contains: str = "") -> Search:
    """What was typed, as the carrier is asked. Raises: ValidationFailed."""
    code, area, digits = country.strip().upper(), _bare(area_code), _bare(contains)
    wrong = []
    if code not in countries():
        wrong.append(("country", "Choose a country, by its two-letter code like US"))
    if area and not _AREA_CODE.fullmatch(area):
        wrong.append(("area_code", "An area code has 1 to 6 digits"))
    if digits and not _DIGITS.fullmatch(digits):
        wrong.append(("contains", "Enter 2 to 15 digits"))
    if wrong:
        raise ValidationFailed(wrong)
    return Search(country=code, area_code=area or None, contains=digits or None)


def search_for(e164: str) -> Search:
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
    return Search(country=country, area_code=area_code, contains=national)


def country_of(e164: str) -> str:
    """ISO 3166 code of the country that ``e164`` belongs to; empty when it belongs to none."""
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(e164)) or ""
    except phonenumbers.NumberParseException:
        return ""


def friendly_name(purchase_id: UUID) -> str:
    """What a number is called at the carrier, so that a number found there leads back to its purchase."""
    return f"pn:{purchase_id}"


def asked_at(purchase_id: UUID) -> datetime:
    """When a purchase was asked for: its id begins with the time."""
    return datetime.fromtimestamp((purchase_id.int >> 80) / 1000, UTC)


def purchase_of(name: str) -> UUID | None:
    """The purchase that a number's name at the carrier speaks of; None when the name is not ours."""
    found = _NAME.fullmatch(name)
    return UUID(found[1]) if found else None


def _bare(typed: str) -> str:
    return _SEPARATORS.sub("", typed)
