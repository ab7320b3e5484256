"""Request and response schemas of the API of phone numbers, postal addresses and verified numbers."""

from collections.abc import Collection
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from carrier.port import AvailableNumber, NumberType, Price
from kit.schemas import CountryCode, E164Number, RequestModel, ResourceId, ResponseModel, Timestamp, rfc3339
from phone_numbers.address_rules import is_available_now
from phone_numbers.models import RegisteredAddress
from phone_numbers.rules import country_of
from tenants.models import PhoneNumber, VerifiedNumber


class GetNumber(RequestModel, frozen=True, kw_only=True):
    """The number to buy."""

    number: E164Number
    """E.164, as the search shows it."""
    country: Annotated[str, Meta(examples=["US"])] = ""
    """The country of the search that showed the number; without it the number's own country."""
    type: Annotated[str, Meta(examples=["local"])] = ""
    """The type of the search that showed the number; without it all types are searched."""


NumberName = Annotated[str, Meta(examples=["Front desk"])]
"""The organization's own name for the number; empty without one."""


class ChangeNumber(RequestModel, frozen=True, kw_only=True):
    """The fields of a number that can be changed; a field that is left out is not changed."""

    name: NumberName | UnsetType = UNSET
    default: Annotated[bool | UnsetType, Meta(examples=[True])] = UNSET
    """``true`` makes the number the default, in place of the present default; ``false`` is refused for the default."""


class VerifyNumber(RequestModel, frozen=True, kw_only=True):
    """A number that the organization holds with another company."""

    number: Annotated[str, Meta(examples=["+12125550108"])]
    """The number as people in the organization's country write it, or E.164."""
    name: NumberName = ""


class VerificationRequested(ResponseModel, frozen=True, kw_only=True):
    """The carrier calls the number now and asks for the code."""

    id: ResourceId
    validation_code: Annotated[str, Meta(examples=["123456"])]
    """The digits that the person who answers the call must type; shown in this response only."""


class VerifiedNumberInfo(ResponseModel, frozen=True, kw_only=True):
    """A number that the organization holds with another company: outgoing calls may show it."""

    id: ResourceId
    number: E164Number
    """E.164."""
    name: NumberName
    status: Annotated[str, Meta(examples=["verified"])]
    """``pending`` while the carrier waits for the code, at most 30 minutes; ``verified``: outgoing calls may show the
    number; ``failed``: nobody typed the code; ``expired``: the carrier no longer lists the number as verified. Verify
    a failed or expired number again to use it."""
    requested_at: Timestamp | None
    """The time of the last validation call."""

    @classmethod
    def of(cls, row: VerifiedNumber) -> "VerifiedNumberInfo":
        return cls(
            id=row.id,
            number=row.e164,
            name=row.name,
            status=row.state.value,
            requested_at=rfc3339(row.requested_at),
        )


class AvailableNumberInfo(ResponseModel, frozen=True, kw_only=True):
    """A number for sale."""

    number: E164Number
    """E.164."""
    country: CountryCode
    type: NumberType
    locality: Annotated[str | None, Meta(examples=["San Francisco"])]
    region: Annotated[str | None, Meta(examples=["CA"])]
    available_now: Annotated[bool, Meta(examples=[True])]
    """False for a number that needs a registered address, if the organization does not have that address."""
    address_requirement: Annotated[str, Meta(examples=["none"])]
    """The required place of the address: ``none`` (not needed), ``any``, ``local`` (in the country) or ``foreign``."""
    monthly_price: Annotated[str | None, Meta(examples=["1.15"])]
    """Decimal number; null when the price is not known."""
    price_currency: Annotated[str | None, Meta(examples=["USD"])]
    """ISO 4217 code of the price."""

    @classmethod
    def of(cls, offered: AvailableNumber, registered: Collection[str], price: Price | None) -> "AvailableNumberInfo":
        """``registered`` are the countries in which the organization has an address; ``price`` is per month."""
        return cls(
            number=offered.e164,
            country=offered.country,
            type=offered.number_type,
            locality=offered.locality,
            region=offered.region,
            available_now=is_available_now(offered, registered),
            address_requirement=offered.address_requirements,
            monthly_price=None if price is None else f"{price.amount:f}",
            price_currency=None if price is None else price.currency,
        )


class NumberTypesInfo(ResponseModel, frozen=True, kw_only=True):
    """The types of numbers that are sold in a country."""

    country: CountryCode
    types: list[NumberType]


class PhoneNumberInfo(ResponseModel, frozen=True, kw_only=True):
    """A number that the organization holds."""

    id: ResourceId
    number: E164Number
    """E.164."""
    name: NumberName
    default: Annotated[bool, Meta(examples=[True])]
    """True for the number that outgoing calls show when no other rule chooses a number."""
    country: CountryCode
    status: Annotated[str, Meta(examples=["active"])]
    """``active``, or ``releasing`` until the carrier has confirmed the release."""
    created_at: Timestamp | None

    @classmethod
    def of(cls, number: PhoneNumber, default_id: UUID | None) -> "PhoneNumberInfo":
        """``default_id`` is the organization's default number."""
        return cls(
            id=number.id,
            number=number.e164,
            name=number.name,
            default=number.id == default_id,
            country=country_of(number.e164),
            status="active" if number.releasing_at is None else "releasing",
            created_at=rfc3339(number.created_at),
        )


AddressText = Annotated[str, Meta(examples=["Acme Realty"])]


class AddAddress(RequestModel, frozen=True, kw_only=True):
    """The postal address of the user of the numbers."""

    customer_name: AddressText
    street: Annotated[str, Meta(examples=["1 Market Street"])]
    city: Annotated[str, Meta(examples=["San Francisco"])]
    region: Annotated[str, Meta(examples=["CA"])] = ""
    """State or province; the city where a country has none."""
    postal_code: Annotated[str, Meta(examples=["94105"])] = ""
    country: CountryCode


class AddressInfo(ResponseModel, frozen=True, kw_only=True):
    """A postal address of the organization, which has at most one in each country."""

    id: ResourceId
    customer_name: AddressText
    street: Annotated[str, Meta(examples=["1 Market Street"])]
    city: Annotated[str, Meta(examples=["San Francisco"])]
    region: Annotated[str, Meta(examples=["CA"])]
    postal_code: Annotated[str, Meta(examples=["94105"])]
    country: CountryCode
    status: Annotated[str, Meta(examples=["registered"])]
    """``registered``, ``requested`` until the carrier confirms it, or ``deleting``."""
    created_at: Timestamp | None

    @classmethod
    def of(cls, row: RegisteredAddress) -> "AddressInfo":
        return cls(
            id=row.id,
            customer_name=row.customer_name,
            street=row.street,
            city=row.city,
            region=row.region,
            postal_code=row.postal_code,
            country=row.country,
            status=row.state.value,
            created_at=rfc3339(row.created_at),
        )
