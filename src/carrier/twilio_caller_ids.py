"""The Twilio adapter's requests about verified caller ids, each by the library's client that it receives."""

from typing import Any

from twilio.base import values

from carrier.port import CallerId


async def request_validation(client: Any, e164: str, friendly_name: str, status_url: str | None) -> str:
    """Request the call that asks for the code; return the code."""
    created = await client.validation_requests.create_async(
        phone_number=e164, friendly_name=friendly_name, status_callback=status_url or values.unset
    )
    return str(created.validation_code)


async def find(client: Any, *, friendly_name: str | None) -> list[CallerId]:
    """The caller ids, or those of exactly this name; the carrier's own filter may match more."""
    found = await client.outgoing_caller_ids.list_async(friendly_name=friendly_name, page_size=1000)
    return [
        CallerId(sid=row.sid, e164=row.phone_number, friendly_name=row.friendly_name or "")
        for row in found
        if friendly_name in (None, row.friendly_name)
    ]
