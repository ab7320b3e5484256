"""What happens to organizations."""

from uuid import UUID

import sqlalchemy as sa
from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from advanced_alchemy.service import SQLAlchemyAsyncRepositoryService
from uuid_utils.compat import uuid7

from kit.db import enter
from kit.errors import NotFound
from tenants.models import Membership, Organization, PhoneNumber, Role
from tenants.plans import Plan


class OrganizationService(SQLAlchemyAsyncRepositoryService[Organization]):
    """Organizations, their members and their numbers."""

    class Repository(SQLAlchemyAsyncRepository[Organization]):
        model_type = Organization

    repository_type = Repository

    async def found(self, *, name: str, slug: str, country: str, owner_id: UUID, plan: Plan) -> Organization:
        """Create an organization with its first owner."""
        session, organization_id = self.repository.session, uuid7()
        await enter(session, organization_id, owner_id)
        organization = await self.create(
            Organization(id=organization_id, name=name, slug=slug, country=country, plan=plan)
        )
        session.add(Membership(organization_id=organization.id, user_id=owner_id, role=Role.OWNER))
        await session.flush()
        return organization

    async def of_member(self, user_id: UUID, *, after: UUID | None, limit: int) -> list[tuple[Organization, Role]]:
        """``limit`` + 1 organizations that ``user_id`` belongs to, newest first, with the role in each."""
        query = (
            sa.select(Organization, Membership.role)
            .join(Membership, Membership.organization_id == Organization.id)
            .where(Membership.user_id == user_id, Organization.deleted_at.is_(None))
            .order_by(Organization.id.desc())
            .limit(limit + 1)
        )
        if after is not None:
            query = query.where(Organization.id < after)
        return [(organization, role) for organization, role in await self.repository.session.execute(query)]

    async def set_plan(self, slug: str, plan: Plan) -> Organization:
        """Change the plan of the organization called ``slug``. Raises: NotFound."""
        organization = await self.get_one_or_none(Organization.slug == slug, Organization.deleted_at.is_(None))
        if organization is None:
            raise NotFound(f"There is no organization {slug!r}")
        organization.plan = plan
        return organization

    async def add_number(self, organization_id: UUID, e164: str, *, carrier_sid: str | None) -> PhoneNumber:
        """Record that the organization holds ``e164``."""
        number = PhoneNumber(organization_id=organization_id, e164=e164, carrier_sid=carrier_sid)
        self.repository.session.add(number)
        await self.repository.session.flush()
        return number
