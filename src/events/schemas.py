"""Wire types of events."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from events.event_types import EventType
from events.models import OrganizationEvent
from kit.schemas import ResourceId, ResponseModel, Timestamp, rfc3339

Sequence = Annotated[int, Meta(examples=[4711])]
"""Numbers the organization's events in the order in which they happened."""


class EventInfo(ResponseModel, frozen=True, kw_only=True):
    """An event: also the body of its webhook, in these very bytes."""

    id: ResourceId
    """Also the header ``webhook-id`` of each delivery."""
    type: EventType
    created_at: Timestamp | None
    sequence: Sequence
    organization_id: ResourceId
    data: Annotated[dict[str, Any], Meta(examples=[{"id": "01997f3e-5c1a-7b3e-9d2f-3a5c8e7f1b24", "version": 1}])]
    """The API's call, phone number or embed token, as it was at that moment."""

    @classmethod
    def of(cls, event: OrganizationEvent) -> "EventInfo":
        return cls(
            id=event.id,
            # Of a newer release's event it is none of ``EventType``.
            type=event.type,
            created_at=rfc3339(event.created_at),
            sequence=event.sequence,
            organization_id=event.organization_id,
            data=msgspec.json.decode(event.body, type=_Body).data,
        )


class _Body(msgspec.Struct):
    data: dict[str, Any]


class EventPage(ResponseModel, frozen=True, kw_only=True):
    """A page of events, oldest first."""

    items: list[EventInfo]
    next_cursor: Sequence | None
    """Give it back as ``after``: the last ``sequence`` of the page, or ``after`` itself when nothing is newer.

    Null when there is no event at all and no ``after`` was given.
    """
