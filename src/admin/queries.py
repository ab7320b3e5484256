"""Queries of the home page and the staff account page."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.models import User
from kit.audit import AuditEvent
from tenants.models import Organization, UpgradeRequest


async def open_upgrade_requests(session: AsyncSession, limit: int) -> Sequence[Any]:
    """Unanswered upgrade requests with organization and requester, the oldest first."""
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


async def recent_sign_ins(session: AsyncSession, staff_id: UUID, limit: int) -> Sequence[AuditEvent]:
    """A staff member's sign-ins, the latest first."""
    own = AuditEvent.actor_id == staff_id, AuditEvent.action == "session.started"
    rows = await session.scalars(sa.select(AuditEvent).where(*own).order_by(AuditEvent.id.desc()).limit(limit))
    found: Sequence[AuditEvent] = rows.all()
    return found
