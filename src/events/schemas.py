"""The API's JSON of events: an event, which is also the body of a webhook, and a page of events."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from events.event_types import EventType
from events.models import OrganizationEvent
from kit.schemas import ResourceId, ResponseModel, Timestamp, rfc3339

Sequence = Annotated[int, Meta(examples=[4711])]
"""Sequence number of the event in its organization, in the order in which the events happened."""


class EventInfo(ResponseModel, frozen=True, kw_only=True):
    """An event; the body of its webhook has the same bytes."""

    id: ResourceId
    """Also the header ``webhook-id`` of each delivery."""
    type: EventType
    created_at: Timestamp | None
    sequence: Sequence
    organization_id: ResourceId
    data: Annotated[dict[str, Any], Meta(examples=[{"id": "01997f3e-5c1a-7b3e-9d2f-3a5c8e7f1b24", "version": 1}])]
    """The call, phone number or embed token as in the API, at the time of the event."""

    @classmethod
    def of(cls, event: OrganizationEvent) -> "EventInfo":
        return cls(
            id=event.id,
            # A type of a newer release equals no member of ``EventType``.
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
    """Send it as ``after`` to get the next page: the last ``sequence`` of this page, or ``after`` if nothing is newer.

    Null when there are no events and no ``after`` was given.
    """
