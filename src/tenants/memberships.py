"""Where a person belongs: the organizations to choose from, and the one that a page's address names."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
import sqlalchemy as sa

from kit.db.raw import CompiledStatement, RawConnection
from tenants.models import Membership, Organization, Role
from tenants.plans import Plan

LAST_PLACE = "organization"
"""The cookie that remembers the organization last used."""
SHOWN = 50
"""How many organizations the switcher lists."""


class Place(msgspec.Struct, frozen=True):
    """An organization, and what the person is there."""

    organization_id: UUID
    slug: str
    name: str
    plan: Plan
    role: Role


async def places_of(reader: RawConnection, user_id: UUID, *, first: str | None = None) -> Sequence[Place]:
    """The person's organizations by name; the one with the slug ``first``, if it is theirs, leads the list."""
    rows = await reader.fetch(_FIND_PLACES, user_id=user_id, first=first or "")
    return [Place(found, slug, name, Plan(plan), Role(role)) for found, slug, name, plan, role in rows]


_FIND_PLACES = CompiledStatement(
    sa.select(Organization.id, Organization.slug, Organization.name, Organization.plan, Membership.role)
    .join(Membership, Membership.organization_id == Organization.id)
    .where(Membership.user_id == sa.bindparam("user_id"), Organization.deleted_at.is_(None))
    .order_by((Organization.slug == sa.bindparam("first")).desc(), sa.func.lower(Organization.name), Organization.id)
    .limit(SHOWN)
)
