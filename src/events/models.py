"""Tables of the event log: events without a sequence number, events with one, and the last number of each organization.

The table ``call`` has a trigger that emits events of calls, because several statements write calls and must stay fast:
see docs/decisions/0273.
"""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.orm import Mapped, mapped_column

from events.event_types import EventType
from kit.db.model import Base, TenantOwned, text_enum

EVENT_OUTBOX = sa.Table(
    "event_outbox",
    Base.metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    # Not named as the column of ``TenantOwned``, because only the sequencer reads rows; requests add and delete them.
    sa.Column("organization", sa.Uuid, sa.ForeignKey("organization.id", ondelete="CASCADE"), nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("subject_id", sa.Uuid),
    sa.Column("source", sa.Text),
    sa.Column("content", JSON, nullable=False),
    sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.func.now(), nullable=False),
)
"""Emitted events without a sequence number. ``content`` is the event's data, or a row of the table ``source``."""


class OrganizationEvent(TenantOwned, Base):
    """An event with its sequence number. It never changes, and it is not shown after ``EVENT_RETENTION``.

    The table is partitioned by the month of ``id``. Each partition has a unique key of ``organization_id`` and
    ``sequence``; over all partitions, ``EventCounter`` prevents that a number is assigned twice.
    """

    __tablename__ = "organization_event"
    __table_args__ = (
        sa.Index(None, "subject_id", postgresql_where=sa.text("subject_id IS NOT NULL")),
        {"postgresql_partition_by": "RANGE (id)"},
    )

    sequence: Mapped[int] = mapped_column(sa.BigInteger)
    """1 for the organization's first event; sequence numbers are assigned in the order of commits."""
    type: Mapped[EventType] = mapped_column(text_enum(EventType, is_open=True, name="type"))
    subject_id: Mapped[UUID | None]
    """Id of the call, number or token that the event is about."""
    body: Mapped[str]
    """The JSON body of the webhook: the same bytes in every delivery."""


class EventCounter(Base):
    """The last sequence number of one organization's events. Only the sequencer can read it."""

    __tablename__ = "event_counter"

    organization: Mapped[UUID] = mapped_column(sa.ForeignKey("organization.id", ondelete="CASCADE"), unique=True)
    last_sequence: Mapped[int] = mapped_column(sa.BigInteger)
