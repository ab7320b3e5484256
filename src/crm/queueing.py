"""Queues calls that ended or changed for HubSpot, in the transaction that assigns sequence numbers to their events."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from calls.models import Call
from crm.engagement import names_record
from crm.models import CrmCallState, HubSpotCall, HubSpotConnection
from events.event_types import EventType
from events.models import OrganizationEvent
from kit.clock import utc_now

_LOGGED_EVENTS = (EventType.CALL_ENDED, EventType.CALL_UPDATED)


async def queue_calls(session: AsyncSession, events: Sequence[OrganizationEvent]) -> None:
    """Queue the call of each event that ends or changes a call, if the organization has a HubSpot connection."""
    call_events = {event.subject_id: event for event in events if event.type in _LOGGED_EVENTS and event.subject_id}
    if not call_events:
        return
    organizations = {event.organization_id for event in call_events.values()}
    # Locked in the order of ids, so that two transactions with the same connections do not deadlock.
    query = sa.select(HubSpotConnection).where(HubSpotConnection.organization_id.in_(organizations))
    connections = {
        row.organization_id: row
        for row in await session.scalars(query.order_by(HubSpotConnection.id).with_for_update())
    }
    if not connections:
        return
    conditions = Call.organization_id.in_(connections), Call.id.in_(call_events)
    calls = await session.execute(sa.select(Call.id, Call.organization_id, Call.details).where(*conditions))
    rows, now = [], utc_now()
    for call in calls:
        connection = connections[call.organization_id]
        if names_record(call.details):
            rows.append(
                {
                    "id": uuid7(),
                    "organization_id": call.organization_id,
                    "connection_id": connection.id,
                    "call_record_id": call.id,
                }
            )
            connection.due_at = connection.due_at or now
        elif call_events[call.id].type is EventType.CALL_ENDED:
            connection.calls_without_record += 1
    if rows:
        requeued = {
            "state": CrmCallState.WAITING,
            "requested": HubSpotCall.requested + 1,
            "requested_at": sa.func.now(),
            "reason": None,
            "detail": None,
            "failed_at": None,
        }
        statement = insert(HubSpotCall).on_conflict_do_update(
            index_elements=["organization_id", "call_record_id"], set_=requeued
        )
        await session.execute(statement, rows)
    await session.flush()
