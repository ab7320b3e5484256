"""Requests of the Twilio adapter about verified caller ids; each function takes the library's client."""

from typing import Any

from twilio.base import values

from carrier.port import CallerId


async def request_validation(client: Any, e164: str, friendly_name: str, status_url: str | None) -> str:
    """Request the validation call; return the code that it asks for."""
    created = await client.validation_requests.create_async(
        phone_number=e164, friendly_name=friendly_name, status_callback=status_url or values.unset
    )
    return str(created.validation_code)


async def find(client: Any, *, friendly_name: str | None) -> list[CallerId]:
    """The caller ids; with ``friendly_name`` those with exactly this name. The carrier's own filter may match more."""
    found = await client.outgoing_caller_ids.list_async(friendly_name=friendly_name, page_size=1000)
    return [
        CallerId(sid=row.sid, e164=row.phone_number, friendly_name=row.friendly_name or "")
        for row in found
        if friendly_name in (None, row.friendly_name)
    ]
