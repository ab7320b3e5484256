"""The Twilio adapter's requests about numbers, each by the library's client that it receives."""

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

_LIST_OF_TYPE = {
    NumberType.LOCAL: "local",
    NumberType.MOBILE: "mobile",
    NumberType.NATIONAL: "national",
    NumberType.TOLL_FREE: "toll_free",
}
"""The library's name of each list of numbers for sale; the carrier's list of a country's types has the same names."""

_TYPE_OF_PRICE = {name: kind for kind, name in _LIST_OF_TYPE.items()}


async def types_of(client: Any, country: str) -> frozenset[NumberType]:
    """The types that ``AvailablePhoneNumbers/{country}.json`` lists; other types, such as shared-cost, are left out."""
    offered = (await client.available_phone_numbers(country).fetch_async()).subresource_uris or {}
    return frozenset(kind for kind, name in _LIST_OF_TYPE.items() if name in offered)


async def prices_of(client: Any, country: str) -> Mapping[NumberType, Price]:
    """The account's own prices of numbers per month; types without a price are left out."""
    if client.region not in (None, "us1"):
        # A key of another region is refused there, which would look like wrong credentials.
        raise NotFoundAtCarrier("the carrier names prices in the region us1 only")
    listed = await client.pricing.v1.phone_numbers.countries(country).fetch_async()
    currency, prices = (listed.price_unit or "").upper(), {}
    for row in listed.phone_number_prices or ():
        kind = _TYPE_OF_PRICE.get(str(row.get("number_type")).replace(" ", "_"))
        # The base price is the list's; the current one contains the account's discount.
        price = row.get("current_price") or row.get("base_price")
        if kind is not None and price:
            prices[kind] = Price(round(Decimal(str(price)) * 1_000_000), currency)
    if prices and len(currency) != 3:
        raise ValueError("a price without a currency")
    return prices


async def search(client: Any, query: NumberQuery, *, limit: int) -> list[AvailableNumber]:
    """Search one country's numbers of one type that can make calls."""
    is_without_any = query.without_local_address and query.without_foreign_address
    listed = getattr(client.available_phone_numbers(query.country), _LIST_OF_TYPE[query.number_type])
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
        # The carrier is asked for numbers with voice; one without could neither call nor be called.
        if number.phone_number and (number.capabilities or {}).get("voice") is not False
    ]


def url_fields(urls: NumberUrls) -> Mapping[str, str]:
    """The addresses for incoming calls as the library takes them."""
    return {
        "voice_url": urls.voice,
        "voice_method": "POST",
        "voice_fallback_url": urls.fallback,
        "voice_fallback_method": "POST",
        "status_callback": urls.status,
        "status_callback_method": "POST",
    }


def owned(number: Any) -> OwnedNumber:
    """A number of the account. Raises: ValueError, when the carrier sent something else."""
    if not number.sid or not number.phone_number:
        raise ValueError  # a document, but not that of a number
    return OwnedNumber(
        sid=number.sid,
        e164=number.phone_number,
        friendly_name=number.friendly_name,
        urls=NumberUrls(
            voice=number.voice_url or "", fallback=number.voice_fallback_url or "", status=number.status_callback or ""
        ),
        application_sid=number.voice_application_sid or "",
    )
