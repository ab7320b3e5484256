"""Lists the organizations that a person belongs to, for the dashboard's menu that switches between them."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
import sqlalchemy as sa

from kit.db.raw import CompiledStatement, RawConnection
from kit.text import is_valid_text
from tenants.models import Membership, Organization, Role
from tenants.plans import Plan

LAST_ORGANIZATION_COOKIE = "organization"
"""The cookie with the slug of the organization last used."""
MAX_LISTED_MEMBERSHIPS = 50


class MembershipSummary(msgspec.Struct, frozen=True):
    """An organization with the person's role in it."""

    organization_id: UUID
    slug: str
    name: str
    plan: Plan
    role: Role


async def memberships_of(
    reader: RawConnection, user_id: UUID, *, first: str | None = None
) -> Sequence[MembershipSummary]:
    """The person's organizations by name; the organization with the slug ``first``, if any, comes first.

    ``first`` may be any text from a cookie or a URL.
    """
    slug = first if first is not None and is_valid_text(first) else ""
    rows = await reader.fetch(_FIND_MEMBERSHIPS, user_id=user_id, first=slug)
    return [MembershipSummary(row_id, slug, name, Plan(plan), Role(role)) for row_id, slug, name, plan, role in rows]


_FIND_MEMBERSHIPS = CompiledStatement(
    sa.select(Organization.id, Organization.slug, Organization.name, Organization.plan, Membership.role)
    .join(Membership, Membership.organization_id == Organization.id)
    .where(Membership.user_id == sa.bindparam("user_id"), Organization.deleted_at.is_(None))
    .order_by((Organization.slug == sa.bindparam("first")).desc(), sa.func.lower(Organization.name), Organization.id)
    .limit(MAX_LISTED_MEMBERSHIPS)
)
