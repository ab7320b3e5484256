"""The API's request and response bodies of webhooks and their deliveries."""

from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from kit.schemas import RequestModel, ResourceId, ResponseModel, Timestamp, rfc3339
from webhooks.models import DeliveryState, WebhookDelivery, WebhookEndpoint

ReceiverUrl = Annotated[str, Meta(examples=["https://crm.example.com/webhooks/calls"])]
"""``https``, reachable from the Internet; the sandbox also takes ``http://localhost:…``."""
EventNames = Annotated[list[str], Meta(examples=[["call.ended", "call.updated"]])]
"""At least one."""
Paused = Annotated[bool, Meta(examples=[False])]


class CreateWebhook(RequestModel, frozen=True, kw_only=True):
    """The receiver's URL, and the events that are sent to it."""

    url: ReceiverUrl
    events: EventNames
    token_id: ResourceId | None = None
    """Only events about this embed token and its calls; without it all events."""


class ChangeWebhook(RequestModel, frozen=True, kw_only=True):
    """The fields of a webhook that can be changed; a field that is left out is not changed."""

    url: ReceiverUrl | UnsetType = UNSET
    events: EventNames | UnsetType = UNSET
    paused: Paused | UnsetType = UNSET
    """``false`` resumes a paused webhook: waiting deliveries are sent."""


class ResendSince(RequestModel, frozen=True, kw_only=True):
    """The time from which events are sent again."""

    since: Annotated[str, Meta(examples=["2026-11-22T18:00:00Z"])]
    """RFC 3339, with its offset; events are kept for 30 days."""


class WebhookInfo(ResponseModel, frozen=True, kw_only=True):
    """A webhook, without its secret."""

    id: ResourceId
    url: ReceiverUrl
    events: EventNames
    token_id: ResourceId | None
    paused: Paused
    """True while nothing is sent: paused by a member, or because every attempt of three days failed."""
    paused_at: Timestamp | None
    failing_since: Timestamp | None
    """The time of the first attempt that failed after the last success; null while deliveries succeed."""
    previous_secret_until: Timestamp | None
    """Until this time deliveries are also signed with the previous secret."""
    created_at: Timestamp | None

    @classmethod
    def of(cls, endpoint: WebhookEndpoint) -> "WebhookInfo":
        return cls(**_fields(endpoint))


class WebhookIssued(WebhookInfo, frozen=True, kw_only=True):
    """A webhook with its new secret, which is shown once."""

    secret: Annotated[str, Meta(examples=["whsec_" + "RXhhbXBsZUV4YW1wbGVFeGFtcGxlRXhhbXBsZUV4YW0="])]
    """Verifies the signatures of deliveries, by the libraries of Standard Webhooks."""

    @classmethod
    def with_secret(cls, endpoint: WebhookEndpoint, secret: str) -> "WebhookIssued":
        return cls(**_fields(endpoint), secret=secret)


class AttemptInfo(ResponseModel, frozen=True, kw_only=True):
    """One attempt of a delivery."""

    at: Timestamp
    status: Annotated[int | None, Meta(examples=[200])]
    """The HTTP status of the answer; null without an answer."""
    answer: Annotated[str, Meta(examples=["ok"])]
    """The beginning of the answer's body, or a sentence with the reason why there is none."""


class DeliveryInfo(ResponseModel, frozen=True, kw_only=True):
    """The delivery of an event to a webhook."""

    id: ResourceId
    event_id: ResourceId
    """The event's ``id``, and the header ``webhook-id`` of every attempt."""
    type: Annotated[str, Meta(examples=["call.ended"])]
    attempts: list[AttemptInfo]
    """Oldest first; at most the last 30."""
    state: DeliveryState
    """``pending`` until an attempt succeeds (``delivered``) or the last one fails (``failed``)."""

    @classmethod
    def of(cls, delivery: WebhookDelivery) -> "DeliveryInfo":
        return cls(
            id=delivery.id,
            event_id=delivery.event_id,
            type=delivery.type,
            attempts=[AttemptInfo(**attempt) for attempt in delivery.attempts],
            state=delivery.state,
        )


class Resent(ResponseModel, frozen=True, kw_only=True):
    """The events that are sent again."""

    deliveries: Annotated[int, Meta(examples=[12])]
    next_since: Timestamp | None
    """Set when there are more events: send another request with this time. Null when all are queued."""


def _fields(endpoint: WebhookEndpoint) -> dict[str, Any]:
    return {
        "id": endpoint.id,
        "url": endpoint.url,
        "events": endpoint.events,
        "token_id": endpoint.token_id,
        "paused": endpoint.paused_at is not None,
        "paused_at": rfc3339(endpoint.paused_at),
        "failing_since": rfc3339(endpoint.failing_since),
        "previous_secret_until": rfc3339(endpoint.previous_secret_until),
        "created_at": rfc3339(endpoint.created_at),
    }
