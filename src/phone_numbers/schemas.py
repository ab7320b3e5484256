"""Wire types about phone numbers."""

from typing import Annotated

from msgspec import Meta

from carrier.port import AvailableNumber, NumberType
from kit.schemas import CountryCode, E164Number, RequestModel, ResourceId, ResponseModel, Timestamp, rfc3339
from phone_numbers.rules import country_of, is_available_now
from tenants.models import PhoneNumber


class GetNumber(RequestModel, frozen=True, kw_only=True):
    """The number to buy."""

    number: E164Number
    """E.164, as the search shows it."""
    country: Annotated[str, Meta(examples=["US"])] = ""
    """The country of the search that showed it; without it the number's own."""
    type: Annotated[str, Meta(examples=["local"])] = ""
    """The type of the search that showed it; without it all types are searched."""


class AvailableNumberInfo(ResponseModel, frozen=True, kw_only=True):
    """A number for sale."""

    number: E164Number
    """E.164."""
    country: CountryCode
    type: NumberType
    locality: Annotated[str | None, Meta(examples=["San Francisco"])]
    region: Annotated[str | None, Meta(examples=["CA"])]
    available_now: Annotated[bool, Meta(examples=[True])]
    """False for numbers that need a registered address first."""
    address_requirement: Annotated[str, Meta(examples=["none"])]
    """The required place of the address: ``none`` (not needed), ``any``, ``local`` (in the country) or ``foreign``."""

    @classmethod
    def of(cls, offered: AvailableNumber) -> "AvailableNumberInfo":
        return cls(
            number=offered.e164,
            country=offered.country,
            type=offered.number_type,
            locality=offered.locality,
            region=offered.region,
            available_now=is_available_now(offered),
            address_requirement=offered.address_requirements,
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
    country: CountryCode
    status: Annotated[str, Meta(examples=["active"])]
    """``active``, or ``releasing`` while the carrier takes it back."""
    created_at: Timestamp | None

    @classmethod
    def of(cls, number: PhoneNumber) -> "PhoneNumberInfo":
        return cls(
            id=number.id,
            number=number.e164,
            country=country_of(number.e164),
            status="active" if number.releasing_at is None else "releasing",
            created_at=rfc3339(number.created_at),
        )
