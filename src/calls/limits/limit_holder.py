"""Reads an organization's name, time zone and limits, for mails about its limits."""

import datetime as dt
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from calls.limits.effective_limits import EffectiveLimits, LimitSources, effective_limits
from calls.limits.models import CallingRules, LimitOverride
from tenants.models import Organization


class LimitHolder(msgspec.Struct, frozen=True):
    """An organization with its limits; for mails about a token's limits also the token's name."""

    name: str
    slug: str
    country: str
    time_zone: str | None
    """The organization's own; None for that of its country."""
    limits: EffectiveLimits
    token_name: str = ""


async def load_limit_holder(session: AsyncSession, organization_id: UUID, now: dt.datetime) -> LimitHolder | None:
    """The organization with the limits that hold ``now``; None when there is no such organization."""
    is_valid = LimitOverride.owned_by(organization_id), LimitOverride.ends_at > now
    overrides = sa.select(sa.func.jsonb_object_agg(LimitOverride.name, LimitOverride.value)).where(*is_valid)
    query = (
        sa.select(Organization, CallingRules.limits, overrides.scalar_subquery())
        .outerjoin(CallingRules, CallingRules.organization_id == Organization.id)
        .where(Organization.id == organization_id)
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        return None
    organization, own_limits, granted = row
    sources = LimitSources(
        organization.plan, organization.created_at, organization.limits, granted or {}, own_limits or {}
    )
    return LimitHolder(
        name=organization.name,
        slug=organization.slug,
        country=organization.country,
        time_zone=organization.time_zone,
        limits=effective_limits(sources, now),
    )
