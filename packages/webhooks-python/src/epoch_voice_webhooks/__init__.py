"""Verifies webhooks of Epoch Voice, which are signed as Standard Webhooks describes, and reads their events."""

from collections.abc import Mapping
from typing import Any, TypedDict, cast

from standardwebhooks import Webhook, WebhookVerificationError

__all__ = ["Event", "WebhookVerificationError", "read_event"]


class Event(TypedDict):
    """One event; the guide about webhooks lists the types and their data."""

    id: str
    """The same each time the event is sent: skip an event whose id you have stored."""
    type: str
    created_at: str
    """RFC 3339, UTC."""
    sequence: int
    """The event's sequence number in the organization. Of two events about a call, the higher number is the newer."""
    organization_id: str
    data: dict[str, Any]


def read_event(secret: str, headers: Mapping[str, str], body: bytes) -> Event:
    """Verify the request and return its event.

    ``secret`` is the webhook's secret, ``whsec_…``; ``body`` is the bytes as they were received.

    Raises:
        WebhookVerificationError: the request is not signed with the secret, or is more than five minutes old.
        ValueError: ``secret`` is not a webhook's secret.
    """
    webhook = Webhook(secret)
    try:
        return cast(Event, webhook.verify(body, dict(headers)))
    except ValueError as error:
        # The library raises ValueError for a malformed signature or body.
        raise WebhookVerificationError("The request is not a signed event") from error
