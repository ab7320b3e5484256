"""Tables of webhooks: endpoints and their deliveries."""

import datetime as dt
import enum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kit.db.model import Base, TenantOwned, text_enum

MAX_ENDPOINTS = 1200
"""Of one organization, unless its own limits have another value."""


class DeliveryState(enum.StrEnum):
    """The states of a delivery."""

    PENDING = "pending"
    """The delivery waits for its first or its next attempt."""
    DELIVERED = "delivered"
    FAILED = "failed"
    """No further attempt is made, unless somebody resends the delivery."""


class WebhookEndpoint(TenantOwned, Base):
    """A URL that receives an organization's events. The deliverer writes the columns from ``failures`` on."""

    __tablename__ = "webhook_endpoint"
    __table_args__ = (
        sa.Index(None, "organization_id"),
        sa.Index(None, "token_id"),
        sa.Index(None, "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
    )

    token_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("embed_token.id", ondelete="CASCADE"))
    """Only events of this embed token are sent; None for all events."""
    url: Mapped[str]
    events: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    secret: Mapped[str]
    """Encrypted, as ``previous_secret``."""
    previous_secret: Mapped[str | None]
    previous_secret_until: Mapped[dt.datetime | None]
    """Until this time deliveries are signed with both secrets."""
    paused_at: Mapped[dt.datetime | None]
    """No event is sent or queued while it is paused."""
    failures: Mapped[int] = mapped_column(default=0, server_default="0")
    """Failed attempts since the last success."""
    failing_since: Mapped[dt.datetime | None]
    due_at: Mapped[dt.datetime | None]
    """The time of the next attempt; None when no delivery waits."""
    leased_until: Mapped[dt.datetime | None]
    """Until this time only the process ``leased_by`` sends deliveries to the endpoint.

    Without ``leased_by``: until this time no process does, because the receiver asked to wait.
    """
    leased_by: Mapped[UUID | None]


class WebhookDelivery(TenantOwned, Base):
    """The delivery of one event to one endpoint; deleted with the event or the endpoint.

    The table is partitioned by the months of the events. ``id`` is the primary key of each partition; a partition's
    foreign key refers to the partition of the events of the same month.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        sa.UniqueConstraint("endpoint_id", "event_id"),
        sa.Index("ix_webhook_delivery_endpoint_id_id", "endpoint_id", sa.text("id DESC")),
        sa.Index(
            "ix_webhook_delivery_pending",
            "endpoint_id",
            "next_attempt_at",
            "sequence",
            postgresql_where=sa.text("state = 'pending'"),
        ),
        sa.Index(None, "event_id"),
        sa.Index(None, "organization_id"),
        {"postgresql_partition_by": "RANGE (event_id)"},
    )

    endpoint_id: Mapped[UUID] = mapped_column(sa.ForeignKey("webhook_endpoint.id", ondelete="CASCADE"))
    event_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organization_event.id", ondelete="CASCADE"))
    sequence: Mapped[int] = mapped_column(sa.BigInteger)
    """That of the event; negative for a test event."""
    type: Mapped[str]
    state: Mapped[DeliveryState] = mapped_column(
        text_enum(DeliveryState, name="state"), default=DeliveryState.PENDING, server_default="pending"
    )
    attempts: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list, server_default="[]")
    """``{at, status, answer}`` of each attempt, oldest first."""
    next_attempt_at: Mapped[dt.datetime | None]
    """None unless the delivery is pending."""
    retry_until: Mapped[dt.datetime]
    """An attempt that fails after this time is the last one."""
