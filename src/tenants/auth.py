"""From person and path to member: what a tenant-scoped request may know before its handler runs."""

from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from litestar.connection import ASGIConnection
from sqlalchemy.ext.asyncio import AsyncSession

from kit.actor import Actor
from kit.db import Database
from kit.errors import NotFound
from tenants.models import Membership, Organization, PhoneNumber, Role
from tenants.plans import Plan


class MemberAuth(msgspec.Struct, frozen=True):
    """A member of the organization in the path, with the facts that guards ask for."""

    actor: Actor
    role: Role
    organization_id: UUID
    plan: Plan
    country: str
    suspended: bool
    caller_id: str | None
    """E.164 of the number that calls come from; None without one."""


async def member_of(session: AsyncSession, organization_id: UUID, actor: Actor) -> MemberAuth:
    """The membership of a person. Raises: NotFound, whether there is no organization or no membership."""
    number = PhoneNumber.calls_for(Organization.id).scalar_subquery()
    query = (
        sa.select(Membership.role, Organization.plan, Organization.country, Organization.suspended_at, number)
        .join(Organization, Organization.id == Membership.organization_id)
        .where(
            Membership.owned_by(organization_id), Membership.user_id == actor.user_id, Organization.deleted_at.is_(None)
        )
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise NotFound
    role, plan, country, suspended_at, e164 = row
    return MemberAuth(
        actor=actor,
        role=role,
        organization_id=organization_id,
        plan=plan,
        country=country,
        suspended=suspended_at is not None,
        caller_id=e164,
    )


async def load_member(connection: ASGIConnection[Any, Any, Any, Any], actor: Actor) -> MemberAuth:
    """Load the member once per request and leave it in ``connection.auth``. Raises: NotFound."""
    database: Database = connection.app.state.database
    async with database.tenant(connection.path_params["organization_id"], actor.user_id) as session:
        member = await member_of(session, connection.path_params["organization_id"], actor)
    connection.scope["auth"] = member
    return member


def member(connection: ASGIConnection[Any, Any, Any, Any]) -> MemberAuth:
    """The member that the guard ``requires_member`` let through."""
    found = connection.scope["auth"]
    if not isinstance(found, MemberAuth):
        raise NotFound
    return found
