"""Queues events for delivery to the endpoints that subscribe to them, in the transaction that stores the events."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from events.event_types import EventType
from events.models import OrganizationEvent
from kit.clock import utc_now
from webhooks.models import WebhookDelivery, WebhookEndpoint
from webhooks.schedule import EAGER_PERIOD, RETRY_PERIOD

_TOKEN_EVENTS = frozenset({EventType.EMBED_TOKEN_CREATED, EventType.EMBED_TOKEN_REVOKED})


class _Data(msgspec.Struct):
    token_id: UUID | None = None


class _Body(msgspec.Struct):
    data: _Data


async def queue_deliveries(session: AsyncSession, events: Sequence[OrganizationEvent]) -> None:
    """Add a delivery for each event and endpoint that is not paused and chose its type."""
    organizations = sorted({event.organization_id for event in events})
    query = sa.select(
        WebhookEndpoint.id, WebhookEndpoint.organization_id, WebhookEndpoint.events, WebhookEndpoint.token_id
    ).where(WebhookEndpoint.organization_id.in_(organizations), WebhookEndpoint.paused_at.is_(None))
    by_organization = defaultdict(list)
    for endpoint in await session.execute(query.order_by(WebhookEndpoint.id)):
        by_organization[endpoint.organization_id].append(endpoint)
    now = utc_now()
    deliveries = [
        delivery_values(endpoint.id, event, now)
        for event in events
        for endpoint in by_organization[event.organization_id]
        if event.type in endpoint.events and (endpoint.token_id is None or endpoint.token_id == token_of(event))
    ]
    if deliveries:
        await make_due(session, {values["endpoint_id"] for values in deliveries})
        await session.execute(insert(WebhookDelivery).on_conflict_do_nothing(), deliveries)


def delivery_values(endpoint_id: UUID, event: OrganizationEvent, now: dt.datetime) -> dict[str, Any]:
    """The column values of a new delivery, whose first attempt is due at ``now``."""
    return {
        "id": uuid7(),
        "organization_id": event.organization_id,
        "endpoint_id": endpoint_id,
        "event_id": event.id,
        "sequence": event.sequence,
        "type": event.type.value,
        "next_attempt_at": now,
        "retry_until": now + RETRY_PERIOD,
    }


async def make_due(session: AsyncSession, endpoint_ids: Iterable[UUID]) -> None:
    """Make the endpoints due now; endpoints that have failed for longer than ``EAGER_PERIOD`` stay due as planned.

    Called before their deliveries are stored: storing a delivery takes a shared lock on its endpoint, and two
    transactions that both have a shared lock and then need an exclusive lock would deadlock.
    """
    due_at = sa.case(
        (
            sa.or_(
                WebhookEndpoint.failures == 0,
                WebhookEndpoint.failing_since > sa.func.now() - sa.literal(EAGER_PERIOD, sa.Interval()),
            ),
            sa.func.now(),
        ),
        else_=sa.func.coalesce(WebhookEndpoint.due_at, sa.func.now()),
    )
    # In the order of ids, so that two transactions with the same endpoints do not deadlock.
    locked = sa.select(WebhookEndpoint.id).where(WebhookEndpoint.id.in_(sorted(endpoint_ids)))
    await session.execute(locked.order_by(WebhookEndpoint.id).with_for_update())
    await session.execute(
        sa.update(WebhookEndpoint).where(WebhookEndpoint.id.in_(locked.scalar_subquery())).values(due_at=due_at),
        execution_options={"synchronize_session": False},
    )


def token_of(event: OrganizationEvent) -> UUID | None:
    """The embed token that the event is about, if it is about one."""
    if event.type in _TOKEN_EVENTS:
        return event.subject_id
    return msgspec.json.decode(event.body, type=_Body).data.token_id
