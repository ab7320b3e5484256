"""Requests of the Twilio adapter about numbers for sale: types, prices, search.

Each request function takes the library's client. Also translates the numbers that our account holds to the port's type.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from carrier.port import (
    AREA_CODE_COUNTRIES,
    AvailableNumber,
    NotFoundAtCarrier,
    NumberQuery,
    NumberType,
    NumberUrls,
    OwnedNumber,
    Price,
)

_LIST_NAMES = {
    NumberType.LOCAL: "local",
    NumberType.MOBILE: "mobile",
    NumberType.NATIONAL: "national",
    NumberType.TOLL_FREE: "toll_free",
}
"""The library's name of each list of numbers for sale; the carrier's list of a country's types has the same names."""

_TYPES_BY_LIST_NAME = {name: number_type for number_type, name in _LIST_NAMES.items()}


async def types_of(client: Any, country: str) -> frozenset[NumberType]:
    """The types that ``AvailablePhoneNumbers/{country}.json`` lists; other types, such as shared-cost, are left out."""
    offered = (await client.available_phone_numbers(country).fetch_async()).subresource_uris or {}
    return frozenset(number_type for number_type, name in _LIST_NAMES.items() if name in offered)


async def prices_of(client: Any, country: str) -> Mapping[NumberType, Price]:
    """The monthly prices of numbers for our account; types without a price are left out."""
    if client.region not in (None, "us1"):
        # The pricing API refuses a key of another region, which would look like wrong credentials.
        raise NotFoundAtCarrier("the carrier has prices in the region us1 only")
    listed = await client.pricing.v1.phone_numbers.countries(country).fetch_async()
    currency, prices = (listed.price_unit or "").upper(), {}
    for row in listed.phone_number_prices or ():
        number_type = _TYPES_BY_LIST_NAME.get(str(row.get("number_type")).replace(" ", "_"))
        # The base price is the list price; the current price contains the account's discount.
        price = row.get("current_price") or row.get("base_price")
        if number_type is not None and price:
            prices[number_type] = Price(round(Decimal(str(price)) * 1_000_000), currency)
    if prices and len(currency) != 3:
        raise ValueError("the prices have no currency")
    return prices


async def search(client: Any, query: NumberQuery, *, limit: int) -> list[AvailableNumber]:
    """Search one country's numbers of one type that can make calls."""
    is_without_any = query.without_local_address and query.without_foreign_address
    listed = getattr(client.available_phone_numbers(query.country), _LIST_NAMES[query.number_type])
    found = await listed.list_async(
        area_code=query.area_code if query.country in AREA_CODE_COUNTRIES else None,
        contains=query.contains,
        in_locality=query.locality,
        voice_enabled=True,
        exclude_all_address_required=is_without_any or None,
        exclude_local_address_required=(query.without_local_address and not is_without_any) or None,
        exclude_foreign_address_required=(query.without_foreign_address and not is_without_any) or None,
        limit=limit,
        page_size=limit,
    )
    return [
        AvailableNumber(
            e164=number.phone_number,
            locality=number.locality or None,
            region=number.region or None,
            country=number.iso_country,
            address_requirements=number.address_requirements or "none",
            number_type=query.number_type,
        )
        for number in found
        # The search asks for numbers with voice; a number without voice could neither call nor be called.
        if number.phone_number and (number.capabilities or {}).get("voice") is not False
    ]


def url_fields(urls: NumberUrls) -> Mapping[str, str]:
    """The callback URLs for incoming calls, as the library's arguments."""
    return {
        "voice_url": urls.voice,
        "voice_method": "POST",
        "voice_fallback_url": urls.fallback,
        "voice_fallback_method": "POST",
        "status_callback": urls.status,
        "status_callback_method": "POST",
    }


def owned(number: Any) -> OwnedNumber:
    """Translate a number of our account. Raises: ValueError, when the response is not that of a number."""
    if not number.sid or not number.phone_number:
        raise ValueError
    return OwnedNumber(
        sid=number.sid,
        e164=number.phone_number,
        friendly_name=number.friendly_name,
        urls=NumberUrls(
            voice=number.voice_url or "", fallback=number.voice_fallback_url or "", status=number.status_callback or ""
        ),
        application_sid=number.voice_application_sid or "",
    )
