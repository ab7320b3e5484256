"""Records audit events whose subject is an organization itself."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from kit.actor import Actor
from kit.audit import record
from tenants.models import Organization


async def record_organization_event(
    session: AsyncSession, by: Actor, action: str, organization: Organization, details: dict[str, Any] | None = None
) -> None:
    """Add one event to the organization's log, in the transaction of the change; fields as in ``kit.audit.record``."""
    await record(
        session,
        by,
        action,
        organization_id=organization.id,
        subject_id=organization.id,
        subject_name=organization.name,
        details=details,
    )
