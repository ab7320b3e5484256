"""The audit log: tables of its events and of the ends of their digest chains; functions that add and find events."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from kit.actor import Actor
from kit.db.model import Base


class AuditEvent(Base):
    """One event of the audit log. Append-only: grants and triggers refuse every change but the erasure of a field."""

    __tablename__ = "audit_event"
    __table_args__ = (
        # Includes the columns of list filters and policies, so that events of other organizations are not read.
        sa.Index(
            "ix_audit_event_organization_id_id",
            "organization_id",
            sa.text("id DESC"),
            postgresql_include=["actor_id", "actor_name", "action", "created_at", "actor_kind"],
        ),
        sa.Index("ix_audit_event_actor_id_id", "actor_id", sa.text("id DESC")),
        sa.Index("ix_audit_event_action_id", "action", sa.text("id DESC")),
        sa.Index(
            "ix_audit_event_organization_id_sequence",
            "organization_id",
            "sequence",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=sa.text("sequence IS NOT NULL"),
        ),
        # For the erasure of old IP addresses: an event whose address is erased is no longer in the index.
        sa.Index(
            "ix_audit_event_with_address",
            "id",
            postgresql_include=["organization_id"],
            postgresql_where=sa.text("address <> '' AND organization_id IS NOT NULL"),
        ),
        sa.Index("ix_audit_event_unchained", "id", postgresql_where=sa.text("sequence IS NULL")),
    )

    organization_id: Mapped[UUID | None]
    """None for changes of a person's own account. No foreign key: not even a cascade may change these rows."""
    actor_kind: Mapped[str]
    """``user``, ``api_key``, ``staff`` or ``system``."""
    actor_id: Mapped[UUID | None]
    """No foreign key: events outlive the user."""
    actor_name: Mapped[str]
    action: Mapped[str]
    """Like ``embed_token.revoked``."""
    subject_id: Mapped[UUID | None]
    subject_name: Mapped[str] = mapped_column(default="", server_default="")
    address: Mapped[str] = mapped_column(default="", server_default="")
    """The client IP address of the request; empty for other changes, and after its erasure."""
    details: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """Values before and after the change, never a secret."""
    sequence: Mapped[int | None] = mapped_column(sa.BigInteger, deferred=True)
    """The event's sequence number in its chain, from 1. A trigger sets it and the columns below at the commit."""
    digest: Mapped[bytes | None] = mapped_column(deferred=True)
    """Covers the event and the digest of the event before it: see ``kit/audit_chain.py``."""
    field_salts: Mapped[list[bytes | None] | None] = mapped_column(ARRAY(sa.LargeBinary), deferred=True)
    """Salts of the fields that can be erased; an erased field has none."""
    field_digests: Mapped[list[bytes] | None] = mapped_column(ARRAY(sa.LargeBinary), deferred=True)


class AuditChain(Base):
    """The end of one chain of audit events. Its id is the organization's, or ``PLATFORM_CHAIN``.

    Only triggers write this table.
    """

    __tablename__ = "audit_chain"

    length: Mapped[int] = mapped_column(sa.BigInteger)
    digest: Mapped[bytes | None]
    """The digest of the last event."""


async def has_event(session: AsyncSession, organization_id: UUID, action: str, subject_id: UUID) -> bool:
    """True if the organization's log has an event with this action about this subject."""
    is_of_action = AuditEvent.organization_id == organization_id, AuditEvent.action == action
    query = sa.select(AuditEvent.id).where(*is_of_action, AuditEvent.subject_id == subject_id).limit(1)
    return await session.scalar(query) is not None


async def record(
    session: AsyncSession,
    by: Actor,
    action: str,
    *,
    organization_id: UUID | None = None,
    subject_id: UUID | None = None,
    subject_name: str = "",
    details: dict[str, Any] | None = None,
) -> None:
    """Add one event to the log, in the transaction of the change.

    ``action`` is ``<subject>.<past participle>``; ``details`` has the values before and after, never a secret.
    """
    session.add(
        AuditEvent(
            organization_id=organization_id,
            actor_kind=by.kind.value,
            actor_id=by.id,
            actor_name=by.name,
            address=by.client_ip_address,
            action=action,
            subject_id=subject_id,
            subject_name=subject_name,
            details={**(details or {}), "reason": by.reason} if by.reason else details,
        )
    )
    await session.flush()
