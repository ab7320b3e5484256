"""What the back office reads for its own pages: a few rows at a time, each by an index."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.models import User
from kit.audit import AuditEvent
from tenants.models import Organization, UpgradeRequest


async def waiting_requests(session: AsyncSession, limit: int) -> Sequence[Any]:
    """The upgrade requests that wait for an answer, the oldest first, with who asks for what."""
    query = (
        sa.select(
            UpgradeRequest.id,
            UpgradeRequest.created_at,
            UpgradeRequest.organization_id,
            Organization.name.label("organization_name"),
            Organization.plan,
            User.email,
        )
        .join(Organization, Organization.id == UpgradeRequest.organization_id)
        .outerjoin(User, User.id == UpgradeRequest.requested_by)
        .where(UpgradeRequest.resolved_at.is_(None), Organization.deleted_at.is_(None))
        .order_by(UpgradeRequest.id)
        .limit(limit)
    )
    return (await session.execute(query)).all()


async def last_sign_ins(session: AsyncSession, staff_id: UUID, limit: int) -> Sequence[AuditEvent]:
    """When and from where a staff member signed in, the latest first."""
    mine = AuditEvent.actor_id == staff_id, AuditEvent.action == "session.started"
    rows = await session.scalars(sa.select(AuditEvent).where(*mine).order_by(AuditEvent.id.desc()).limit(limit))
    found: Sequence[AuditEvent] = rows.all()
    return found
