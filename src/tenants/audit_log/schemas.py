"""The response body of the audit log API: an event of an organization's audit log."""

from typing import Annotated, Any

from msgspec import Meta

from kit.audit import AuditEvent
from kit.schemas import ResourceId, ResponseModel, Timestamp, rfc3339


class AuditEventInfo(ResponseModel, frozen=True, kw_only=True):
    """An event: who did what, when and from which address."""

    id: ResourceId
    at: Timestamp | None
    action: Annotated[str, Meta(examples=["embed_token.created"])]
    """Like ``embed_token.revoked``."""
    actor_kind: Annotated[str, Meta(examples=["user"])]
    """``user``, ``api_key``, ``staff`` or ``system``."""
    actor_id: ResourceId | None
    actor_name: Annotated[str, Meta(examples=["ann@example.com"])]
    """An e-mail address, or a key's label."""
    subject_id: ResourceId | None
    subject_name: Annotated[str, Meta(examples=["Main Website"])]
    address: Annotated[str, Meta(examples=["192.0.2.7"])]
    """The IP address that the request came from."""
    details: Annotated[dict[str, Any] | None, Meta(examples=[{"allowed_domains": ["mysite.com"]}])]
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
