"""Rules about postal addresses and regulatory bundles that numbers need: parsing, and choice of the address. Pure."""

import re
from collections.abc import Collection, Mapping
from uuid import UUID

import msgspec

from carrier.port import AvailableNumber, PostalAddress
from kit.countries import countries
from kit.errors import ValidationFailed
from kit.text import is_valid_text

ADDRESS_FIELDS: Mapping[str, tuple[str, int, bool]] = {
    "customer_name": ("Name of the company or person", 64, True),
    "street": ("Street and number", 128, True),
    "city": ("Town or city", 64, True),
    "region": ("State, province or region", 64, False),
    "postal_code": ("Postal code", 16, False),
}
"""Each text field of an address: its label, its greatest length in characters, and True if it is required."""
MAX_NAME_BYTES = 64
"""The carrier's limit for the customer's name, in bytes of UTF-8."""
_BUNDLE_SID = re.compile(r"BU[0-9a-f]{32}")


class NumberDocuments(msgspec.Struct, frozen=True):
    """The carrier's ids of the address and the regulatory bundle that a purchase sends; None for none."""

    address_sid: str | None = None
    bundle_sid: str | None = None


def parse_address(country: str, fields: Mapping[str, str]) -> PostalAddress:
    """Parse an entered address; only the carrier checks that the place exists. Raises: ValidationFailed."""
    code, errors = country.strip().upper(), []
    if code not in countries():
        errors.append(("country", "Choose a country, by its two-letter code like US"))
    values = {name: " ".join(fields.get(name, "").split()) for name in ADDRESS_FIELDS}
    for name, (label, longest, is_required) in ADDRESS_FIELDS.items():
        if is_required and not values[name]:
            errors.append((name, f"Enter: {label}"))
        elif len(values[name]) > longest:
            errors.append((name, f"At most {longest} characters"))
        elif not is_valid_text(values[name]):
            errors.append((name, "Control characters are not allowed"))
    if not errors and len(values["customer_name"].encode()) > MAX_NAME_BYTES:
        errors.append(("customer_name", "Shorten the name: the carrier keeps about 20 characters of this script"))
    if errors:
        raise ValidationFailed(errors)
    # The carrier requires a region; for countries without regions its documentation uses the city.
    return PostalAddress(country=code, **{**values, "region": values["region"] or values["city"]})


def parse_bundle_sid(typed: str) -> str:
    """Parse the carrier's id of a regulatory bundle. Raises: ValidationFailed."""
    sid = typed.strip()
    if not _BUNDLE_SID.fullmatch(sid):
        raise ValidationFailed([("bundle", "Enter the carrier's id of the bundle: BU and 32 digits from 0 to f")])
    return sid


def address_country_for(requirement: str, country: str, registered: Collection[str]) -> str | None:
    """The country of the address to send with the purchase of a number of ``country``.

    ``registered`` has the countries in which the organization has an address. None when no address satisfies
    ``requirement``.
    """
    others = sorted(other for other in registered if other != country)
    if country in registered and requirement != "foreign":
        return country
    return others[0] if others and requirement in ("any", "foreign") else None


def is_available_now(offered: AvailableNumber, registered: Collection[str] = ()) -> bool:
    """True when the number needs no address, or one that the organization has."""
    requirement = offered.address_requirements
    return requirement == "none" or address_country_for(requirement, offered.country, registered) is not None


def address_name(deployment: str, address_id: UUID) -> str:
    """The name of an address at the carrier, which contains the deployment and the row's id; 52 characters."""
    return f"ad:{deployment}:{address_id}"
