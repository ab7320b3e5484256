"""Wire types about phone numbers."""

from uuid import UUID

from carrier.port import AvailableNumber
from kit.schemas import RequestModel, ResponseModel, rfc3339
from phone_numbers.rules import country_of
from tenants.models import PhoneNumber


class GetNumber(RequestModel, frozen=True, kw_only=True):
    """The number to buy."""

    number: str
    """E.164, as the search shows it."""


class AvailableNumberInfo(ResponseModel, frozen=True, kw_only=True):
    """A number that can be bought now."""

    number: str
    """E.164."""
    country: str
    locality: str | None
    region: str | None

    @classmethod
    def of(cls, offered: AvailableNumber) -> "AvailableNumberInfo":
        return cls(number=offered.e164, country=offered.country, locality=offered.locality, region=offered.region)


class PhoneNumberInfo(ResponseModel, frozen=True, kw_only=True):
    """A number that the organization holds."""

    id: UUID
    number: str
    """E.164."""
    country: str
    status: str
    """``active``, or ``releasing`` while the carrier takes it back."""
    created_at: str | None

    @classmethod
    def of(cls, number: PhoneNumber) -> "PhoneNumberInfo":
        return cls(
            id=number.id,
            number=number.e164,
            country=country_of(number.e164),
            status="active" if number.releasing_at is None else "releasing",
            created_at=rfc3339(number.created_at),
        )
