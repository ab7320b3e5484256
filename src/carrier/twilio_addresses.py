"""Requests of the Twilio adapter about postal addresses; each function takes the library's client."""

from typing import Any

from carrier.port import CarrierAddress, PostalAddress


async def create(client: Any, address: PostalAddress, *, friendly_name: str) -> CarrierAddress:
    """Create an address; in some countries the carrier corrects it."""
    return _read(
        await client.addresses.create_async(
            customer_name=address.customer_name,
            street=address.street,
            city=address.city,
            region=address.region,
            postal_code=address.postal_code,
            iso_country=address.country,
            friendly_name=friendly_name,
        )
    )


async def find(client: Any, *, friendly_name: str) -> list[CarrierAddress]:
    """The addresses with exactly this name; the carrier's own filter may match more."""
    found = await client.addresses.list_async(friendly_name=friendly_name)
    return [_read(row) for row in found if row.friendly_name == friendly_name]


def _read(row: Any) -> CarrierAddress:
    address = PostalAddress(
        customer_name=row.customer_name,
        street=row.street,
        city=row.city,
        region=row.region or "",
        postal_code=row.postal_code or "",
        country=row.iso_country,
    )
    return CarrierAddress(sid=row.sid, friendly_name=row.friendly_name or "", address=address)
