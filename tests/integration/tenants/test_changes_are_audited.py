"""Each change to an organization and its audit event are committed together."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from kit.actor import Actor, ActorKind
from kit.audit import AuditEvent
from kit.db.database import Database
from support.factories import Factory, Tenant
from tenants.api_keys.services import ApiKeyService
from tenants.invitations import InvitationService
from tenants.members import MemberService
from tenants.models import KeyScope, Membership, Role
from tenants.plans import Plan
from tenants.services import OrganizationService
from tenants.upgrades import UpgradeRequestService
from widget.services import EmbedTokenService

pytestmark = pytest.mark.anyio

Change = Callable[[AsyncSession, Tenant, Actor], Awaitable[Any]]


async def generate_token(session: AsyncSession, tenant: Tenant, by: Actor) -> UUID:
    token, _ = await EmbedTokenService(session).issue(tenant.organization.id, label="x", allowed_domains=[], by=by)
    return token.id


async def change_token(session: AsyncSession, tenant: Tenant, by: Actor) -> None:
    token_id = await generate_token(session, tenant, by)
    await EmbedTokenService(session).update(tenant.organization.id, token_id, label="y", by=by)


async def revoke_token(session: AsyncSession, tenant: Tenant, by: Actor) -> None:
    token_id = await generate_token(session, tenant, by)
    await EmbedTokenService(session).revoke(tenant.organization.id, token_id, by=by)


async def create_key(session: AsyncSession, tenant: Tenant, by: Actor) -> UUID:
    key, _ = await ApiKeyService(session).issue(tenant.organization.id, label="x", scope=KeyScope.READ, by=by)
    return key.id


async def revoke_key(session: AsyncSession, tenant: Tenant, by: Actor) -> None:
    await ApiKeyService(session).revoke(tenant.organization.id, await create_key(session, tenant, by), by=by)


async def invite(session: AsyncSession, tenant: Tenant, by: Actor) -> UUID:
    sent = await InvitationService(session).invite(
        tenant.organization.id, email="new@example.org", role=Role.MEMBER, by=by, inviter_role=Role.OWNER
    )
    return sent.invitation.id


async def withdraw(session: AsyncSession, tenant: Tenant, by: Actor) -> None:
    service = InvitationService(session)
    (known,) = await service.list_open(tenant.organization.id, after=None, limit=1)
    await service.withdraw(tenant.organization.id, known.id, by=by)


async def _another(session: AsyncSession, tenant: Tenant) -> UUID:
    query = sa.select(Membership.id).where(
        Membership.owned_by(tenant.organization.id), Membership.user_id != tenant.owner.id
    )
    return (await session.scalars(query)).one()


async def promote(session: AsyncSession, tenant: Tenant, by: Actor) -> None:
    another = await _another(session, tenant)
    await MemberService(session).change_role(tenant.organization.id, another, Role.ADMIN, by=by)


async def remove(session: AsyncSession, tenant: Tenant, by: Actor) -> None:
    await MemberService(session).remove(tenant.organization.id, await _another(session, tenant), by=by)


async def rename(session: AsyncSession, tenant: Tenant, by: Actor) -> None:
    await OrganizationService(session).update(tenant.organization.id, by=by, name="Another Name")


async def set_plan(session: AsyncSession, tenant: Tenant, by: Actor) -> None:
    await OrganizationService(session).set_plan(tenant.organization.slug, Plan.BUSINESS, by=by)


async def ask_for_upgrade(session: AsyncSession, tenant: Tenant, by: Actor) -> None:
    await UpgradeRequestService(session).create(tenant.organization.id, by=by)


async def delete(session: AsyncSession, tenant: Tenant, by: Actor) -> None:
    await OrganizationService(session).soft_delete(tenant.organization.id, by=by, confirmation="Another Name")


CHANGES: tuple[tuple[Change, str], ...] = (
    (generate_token, "embed_token.created"),
    (change_token, "embed_token.changed"),
    (revoke_token, "embed_token.revoked"),
    (create_key, "api_key.created"),
    (revoke_key, "api_key.revoked"),
    (invite, "invitation.sent"),
    (withdraw, "invitation.withdrawn"),
    (promote, "member.role_changed"),
    (remove, "member.removed"),
    (rename, "organization.changed"),
    (set_plan, "organization.plan_changed"),
    (ask_for_upgrade, "upgrade.requested"),
    (delete, "organization.deleted"),
)
"""In an order in which one leads to the next."""


async def test_each_change_and_its_event_last_together_or_not_at_all(
    tenant_database: Database, database: Database, make: Factory
) -> None:
    tenant = await make.tenant()
    await make.member(tenant.organization, Role.MEMBER)
    by = Actor(ActorKind.USER, tenant.owner.id, tenant.owner.email)
    trail: list[str] = []

    for change, action in CHANGES:
        with pytest.raises(RuntimeError, match="the request fails"):
            await _fail_after(change, tenant_database, tenant, by)
        assert await _trail(database, tenant) == trail, f"{change.__name__} was rolled back"
        async with tenant_database.tenant_session(tenant.organization.id, tenant.owner.id) as session:
            await change(session, tenant, by)
        trail = await _trail(database, tenant)
        assert trail[-1] == action, change.__name__


async def _fail_after(change: Change, tenant_database: Database, tenant: Tenant, by: Actor) -> None:
    async with tenant_database.tenant_session(tenant.organization.id, tenant.owner.id) as session:
        await change(session, tenant, by)
        raise RuntimeError("the request fails")


async def _trail(database: Database, tenant: Tenant) -> list[str]:
    query = sa.select(AuditEvent.action).where(AuditEvent.organization_id == tenant.organization.id)
    async with database.sessions() as session:
        return list((await session.scalars(query.order_by(AuditEvent.id))).all())
