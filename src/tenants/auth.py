"""Finds the signed-in member of the organization in the path, for guards and handlers of tenant-scoped routes."""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import sqlalchemy as sa
from litestar import Request
from litestar.connection import ASGIConnection

from accounts.sessions import Viewer
from kit.actor import Actor
from kit.db.raw import CompiledStatement, RawConnection
from kit.errors import NotFound
from kit.http.app_key import DATABASE
from kit.http.sessions import MissingGuard, TenantContext
from kit.time_zones import zone_of
from tenants.models import Membership, Organization, PhoneNumber, Role
from tenants.plans import Plan


class MemberAuth(msgspec.Struct, frozen=True):
    """A member of the organization in the path, with the data that guards check."""

    actor: Actor
    role: Role
    organization_id: UUID
    plan: Plan
    country: str
    zone: ZoneInfo
    """The organization's time zone."""
    suspended: bool
    caller_id: str | None
    """E.164 number that calls show by default; None without one."""


async def find_member(reader: RawConnection, organization_id: UUID, actor: Actor) -> MemberAuth:
    """The membership of a person. Raises: NotFound, for an unknown organization and for one without membership."""
    row = await reader.fetch_row(_FIND_MEMBER, organization_id=organization_id, user_id=actor.user_id)
    if row is None:
        raise NotFound
    role, plan, country, time_zone, suspended_at, e164 = row
    return MemberAuth(
        actor=actor,
        role=Role(role),
        organization_id=organization_id,
        plan=Plan(plan),
        country=country,
        zone=zone_of(time_zone, country),
        suspended=suspended_at is not None,
        caller_id=e164,
    )


_FIND_MEMBER = CompiledStatement(
    sa.select(
        Membership.role,
        Organization.plan,
        Organization.country,
        Organization.time_zone,
        Organization.suspended_at,
        PhoneNumber.caller_id_of(Organization.id).scalar_subquery(),
    )
    .join(Organization, Organization.id == Membership.organization_id)
    .where(
        Membership.organization_id == sa.bindparam("organization_id"),
        Membership.user_id == sa.bindparam("user_id"),
        Organization.deleted_at.is_(None),
    )
)


async def load_member(connection: ASGIConnection[Any, Any, Any, Any], actor: Actor) -> MemberAuth:
    """Load the member, once per request, into ``connection.auth``. Raises: NotFound."""
    database = DATABASE.get(connection.app)
    organization_id = connection.path_params["organization_id"]
    async with database.read_pool.tenant_scope(organization_id, actor.user_id) as reader:
        member = await find_member(reader, organization_id, actor)
    connection.scope["auth"] = member
    return member


def provide_tenant_context(request: Request[Any, Any, Any]) -> TenantContext:
    """The organization that the handler's guard loaded, for the handler's ``db_session``.

    Raises: MissingGuard, when no guard loaded one.
    """
    found, user = request.scope.get("auth"), request.scope.get("user")
    if not isinstance(found, MemberAuth):
        raise MissingGuard(request, session="db_session", guards="requires_member, requires_membership")
    return TenantContext(found.organization_id, user.user_id if isinstance(user, Viewer) else None, found.actor)


def current_member(connection: ASGIConnection[Any, Any, Any, Any]) -> MemberAuth:
    """The member that the guard ``requires_member`` loaded. Raises: NotFound, when no guard loaded one."""
    found = connection.scope["auth"]
    if not isinstance(found, MemberAuth):
        raise NotFound
    return found
