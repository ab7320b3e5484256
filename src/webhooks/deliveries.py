"""Lists the deliveries of an endpoint, queues deliveries or past events to be sent again, and queues test events."""

import datetime as dt
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from calls.models import Call, CallStatus
from calls.schemas import CallInfo
from events.event_types import EventType
from events.models import OrganizationEvent
from events.schemas import EventInfo
from events.services import EVENT_RETENTION, oldest_readable_id
from kit.clock import utc_now
from kit.errors import NotFound
from kit.ids import first_uuid7
from kit.schemas import rfc3339
from webhooks.errors import WebhookPaused
from webhooks.fan_out import delivery_values, make_due, token_of
from webhooks.models import DeliveryState, WebhookDelivery, WebhookEndpoint
from webhooks.schedule import RETRY_PERIOD

MAX_RESENT = 5000
"""Events that one request queues again; the answer has the time for the next request."""


class DeliveryService:
    """Deliveries of one organization's endpoints."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def list(self, endpoint: WebhookEndpoint, *, after: UUID | None, limit: int) -> Sequence[WebhookDelivery]:
        """``limit`` + 1 deliveries of the endpoint, newest first."""
        query = sa.select(WebhookDelivery).where(
            WebhookDelivery.owned_by(endpoint.organization_id),
            WebhookDelivery.endpoint_id == endpoint.id,
            WebhookDelivery.event_id >= oldest_readable_id(),
        )
        if after is not None:
            query = query.where(WebhookDelivery.id < after)
        query = query.order_by(WebhookDelivery.id.desc()).limit(limit + 1)
        rows: Sequence[WebhookDelivery] = (await self._session.scalars(query)).all()
        return rows

    async def send_test(self, endpoint: WebhookEndpoint) -> WebhookDelivery:
        """Queue a test event of the endpoint's first type; no list of events has it. Raises: WebhookPaused."""
        _ensure_not_paused(endpoint)
        await make_due(self._session, [endpoint.id])
        event = _test_event(endpoint)
        self._session.add(event)
        await self._session.flush()
        delivery = WebhookDelivery(**delivery_values(endpoint.id, event, utc_now()))
        self._session.add(delivery)
        await self._session.flush()
        await self._session.refresh(delivery)
        return delivery

    async def resend(self, endpoint: WebhookEndpoint, delivery_id: UUID) -> WebhookDelivery:
        """Queue a delivery again with the same id and body, also while it is sent. Raises: NotFound, WebhookPaused."""
        _ensure_not_paused(endpoint)
        # Locks the endpoint before its deliveries, as the deliverer does, so that the two do not deadlock.
        await make_due(self._session, [endpoint.id])
        query = sa.select(WebhookDelivery).where(
            WebhookDelivery.owned_by(endpoint.organization_id),
            WebhookDelivery.endpoint_id == endpoint.id,
            WebhookDelivery.id == delivery_id,
            WebhookDelivery.event_id >= oldest_readable_id(),
        )
        delivery: WebhookDelivery | None = await self._session.scalar(query.with_for_update())
        if delivery is None:
            raise NotFound
        now = utc_now()
        delivery.state, delivery.next_attempt_at, delivery.retry_until = DeliveryState.PENDING, now, now + RETRY_PERIOD
        await self._session.flush()
        return delivery

    async def resend_since(self, endpoint: WebhookEndpoint, since: dt.datetime) -> tuple[int, dt.datetime | None]:
        """Queue the endpoint's events since ``since``, delivered or not; return their number and the next ``since``.

        The next ``since`` is None when all events are queued. Raises: WebhookPaused.
        """
        _ensure_not_paused(endpoint)
        # An event gets its id after its time. Clocks of two machines differ by less than an hour.
        first_id = first_uuid7(max(since, utc_now() - EVENT_RETENTION) - dt.timedelta(hours=1))
        query = (
            sa.select(OrganizationEvent)
            .where(
                OrganizationEvent.owned_by(endpoint.organization_id),
                OrganizationEvent.sequence > 0,
                OrganizationEvent.created_at >= since,
                OrganizationEvent.id >= max(oldest_readable_id(), first_id),
                OrganizationEvent.type.in_(endpoint.events),
            )
            .order_by(OrganizationEvent.sequence)
            .limit(MAX_RESENT + 1)
        )
        found = (await self._session.scalars(query)).all()
        events = [event for event in found[:MAX_RESENT] if endpoint.token_id in (None, token_of(event))]
        now = utc_now()
        if events:
            # Before the deliveries, as in ``resend``.
            await make_due(self._session, [endpoint.id])
            statement = insert(WebhookDelivery)
            pending_again = {
                "state": DeliveryState.PENDING,
                "next_attempt_at": statement.excluded.next_attempt_at,
                "retry_until": statement.excluded.retry_until,
            }
            await self._session.execute(
                statement.on_conflict_do_update(index_elements=["endpoint_id", "event_id"], set_=pending_again),
                [delivery_values(endpoint.id, event, now) for event in events],
            )
        return len(events), found[MAX_RESENT].created_at if len(found) > MAX_RESENT else None


def _ensure_not_paused(endpoint: WebhookEndpoint) -> None:
    if endpoint.paused_at is not None:
        raise WebhookPaused


def _test_event(endpoint: WebhookEndpoint) -> OrganizationEvent:
    now, event_type = utc_now(), EventType(endpoint.events[0])
    info = EventInfo(
        id=uuid7(),
        type=event_type,
        created_at=rfc3339(now),
        sequence=0,
        organization_id=endpoint.organization_id,
        data={**_test_data(event_type, now, endpoint.token_id), "test": True},
    )
    return OrganizationEvent(
        id=info.id,
        organization_id=endpoint.organization_id,
        # Negative: lists of events have only sequence numbers above 0.
        sequence=-time.time_ns(),
        type=event_type,
        body=msgspec.json.encode(info).decode(),
    )


def _test_data(event_type: EventType, now: dt.datetime, token_id: UUID | None) -> dict[str, Any]:
    """The data of a made-up call, for types about calls; else empty."""
    if not event_type.startswith("call."):
        return {}
    call = Call(
        id=uuid7(),
        token_id=token_id or uuid7(),
        direction="outbound",
        from_number="+12125550100",
        to_number="+12125550101",
        status=CallStatus.COMPLETED,
        duration=42,
        started_at=now - dt.timedelta(seconds=50),
        answered_at=now - dt.timedelta(seconds=42),
        ended_at=now,
        version=1,
    )
    return dict(msgspec.to_builtins(CallInfo.of(call)))
