"""Wire types of the audit log."""

from typing import Any
from uuid import UUID

from kit.audit import AuditEvent
from kit.schemas import ResponseModel, rfc3339


class AuditEventInfo(ResponseModel, frozen=True, kw_only=True):
    """An event: who did what, when and from which address."""

    id: UUID
    at: str | None
    action: str
    """Like ``embed_token.revoked``."""
    actor_kind: str
    """``user``, ``api_key``, ``staff`` or ``system``."""
    actor_id: UUID | None
    actor_name: str
    """An e-mail address, or a key's label."""
    subject_id: UUID | None
    subject_name: str
    address: str
    """The IP address that the request came from."""
    details: dict[str, Any] | None
    """Values before and after the change, never a secret."""

    @classmethod
    def of(cls, event: AuditEvent) -> "AuditEventInfo":
        return cls(
            id=event.id,
            at=rfc3339(event.created_at),
            action=event.action,
            actor_kind=event.actor_kind,
            actor_id=event.actor_id,
            actor_name=event.actor_name,
            subject_id=event.subject_id,
            subject_name=event.subject_name,
            address=event.address,
            details=event.details,
        )
