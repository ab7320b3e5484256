"""Creates, lists, changes, suspends, deletes and restores organizations, sets their plan, and gives them phone numbers
without a purchase.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from accounts.models import User
from accounts.rules import ensure_email_verified
from kit.actor import SYSTEM, Actor
from kit.clock import utc_now
from kit.db.database import Database, set_tenant_context
from kit.db.rate_limit import hit_or_raise
from kit.errors import NotFound
from kit.schemas import rfc3339
from tenants import rules, slugs
from tenants.audit_log.organization_events import record_organization_event
from tenants.errors import AlreadyApplied, ConfirmationMismatch, SlugTaken
from tenants.jobs import enqueue_end_live_calls
from tenants.models import Membership, Organization, PhoneNumber, Role
from tenants.plans import Plan

RESTORE_PERIOD = timedelta(days=30)
"""The time in which a deleted organization can be restored."""
MAX_ORGANIZATIONS_PER_USER_PER_DAY = 20


class OrganizationService:
    """Organizations, with their first owner and numbers without a purchase."""

    class Repository(SQLAlchemyAsyncRepository[Organization]):
        model_type = Organization

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._repository = self.Repository(session=session)

    async def create(self, *, name: str, slug: str, country: str, owner_id: UUID, plan: Plan) -> Organization:
        """Create an organization with its first owner. Raises: SlugTaken."""
        session, organization_id = self._session, uuid7()
        await set_tenant_context(session, organization_id, owner_id)
        values = {"id": organization_id, "name": name, "slug": slug, "country": country, "plan": plan}
        # Row-level security hides other organizations, so only the unique index can decide whether the slug is taken.
        statement = insert(Organization).values(values).on_conflict_do_nothing(index_elements=["slug"])
        organization: Organization | None = await session.scalar(statement.returning(Organization))
        if organization is None:
            raise SlugTaken
        session.add(Membership(organization_id=organization.id, user_id=owner_id, role=Role.OWNER))
        await session.flush()
        return organization

    async def create_for_user(self, by: Actor, *, name: str, country: str) -> Organization:
        """Create an organization for a person with a confirmed e-mail address; its slug is made from the name.

        Raises:
            EmailNotVerified: the e-mail address is not confirmed.
            ValidationFailed: name or country cannot be stored.
        """
        if by.user_id is None:
            raise ValueError("only a person can create an organization")
        session = self._session
        verified_at = await session.scalar(sa.select(User.email_verified_at).where(User.id == by.user_id))
        ensure_email_verified(verified_at is not None)
        name, country = rules.parse_name(name), rules.parse_country(country)
        organization = await self._create_with_free_slug(name, country, by.user_id)
        details = {"slug": organization.slug, "country": organization.country}
        await record_organization_event(session, by, "organization.created", organization, details)
        return organization

    async def _create_with_free_slug(self, name: str, country: str, owner_id: UUID) -> Organization:
        for slug in slugs.slug_candidates(name):
            with suppress(SlugTaken):
                return await self.create(name=name, slug=slug, country=country, owner_id=owner_id, plan=Plan.STARTER)
        raise SlugTaken

    async def get(self, organization_id: UUID) -> Organization:
        """One organization, from the session's identity map when it is there. Raises: NotFound."""
        organization: Organization | None = await self._session.get(Organization, organization_id)
        if organization is None or organization.deleted_at is not None:
            raise NotFound
        return organization

    async def lock(self, organization_id: UUID) -> None:
        """Lock the organization until the transaction ends: changes of its team and settings run one after another.

        For example, two owners must not leave at once, each because the other one stays.
        """
        await self._session.execute(
            sa.select(Organization.id).where(Organization.id == organization_id).with_for_update(key_share=True)
        )

    async def update(
        self,
        organization_id: UUID,
        *,
        by: Actor,
        name: str | None = None,
        country: str | None = None,
        time_zone: str | None = None,
    ) -> Organization:
        """Change the given fields; an empty ``time_zone`` stands for that of the country.

        The slug stays, so that links keep working. Raises: NotFound, ValidationFailed.
        """
        organization = await self.get(organization_id)
        before = _changeable_fields(organization)
        if name is not None:
            organization.name = rules.parse_name(name)
        if country is not None:
            organization.country = rules.parse_country(country)
        if time_zone is not None:
            organization.time_zone = rules.parse_time_zone(time_zone)
        after = _changeable_fields(organization)
        if after != before:
            await record_organization_event(
                self._session, by, "organization.changed", organization, {"before": before, "after": after}
            )
        return organization

    async def soft_delete(self, organization_id: UUID, *, by: Actor, confirmation: str) -> Organization:
        """Mark the organization as deleted; an owner can restore it within ``RESTORE_PERIOD``.

        The organization keeps its numbers during this period; a job releases them afterwards.

        Raises:
            NotFound: there is no such organization.
            ConfirmationMismatch: ``confirmation`` is not its name.
        """
        organization = await self.get(organization_id)
        if confirmation.strip() != organization.name:
            raise ConfirmationMismatch
        organization.deleted_at = utc_now()
        await enqueue_end_live_calls(self._session, organization.id)
        held = await self._session.scalar(
            sa.select(sa.func.count(PhoneNumber.id)).where(
                PhoneNumber.owned_by(organization_id), PhoneNumber.released_at.is_(None)
            )
        )
        due = rfc3339(restorable_until(organization))
        details = {"erased_after": due, "phone_numbers_to_release": held}
        await record_organization_event(self._session, by, "organization.deleted", organization, details)
        return organization

    async def suspend(self, organization_id: UUID, *, by: Actor) -> None:
        """Suspend an organization and end its live calls. Raises: NotFound, AlreadyApplied."""
        await self._set_suspended(organization_id, utc_now(), by, "organization.suspended")

    async def unsuspend(self, organization_id: UUID, *, by: Actor) -> None:
        """End an organization's suspension. Raises: NotFound, AlreadyApplied."""
        await self._set_suspended(organization_id, None, by, "organization.suspension_lifted")

    async def _set_suspended(self, organization_id: UUID, at: datetime | None, by: Actor, action: str) -> None:
        query = sa.select(Organization).where(Organization.id == organization_id, Organization.deleted_at.is_(None))
        organization: Organization | None = await self._session.scalar(query.with_for_update())
        if organization is None:
            raise NotFound
        if (organization.suspended_at is None) == (at is None):
            raise AlreadyApplied
        organization.suspended_at = at
        if at is not None:
            await enqueue_end_live_calls(self._session, organization.id)
        await record_organization_event(self._session, by, action, organization)

    async def restore(self, organization_id: UUID, *, by: Actor) -> Organization:
        """Restore a deleted organization; ``by`` must be an owner. Raises: NotFound."""
        organization: Organization | None = await self._session.scalar(
            self._restorable(by.user_id).where(Organization.id == organization_id).with_for_update(of=Organization)
        )
        if organization is None:
            raise NotFound
        organization.deleted_at = None
        await record_organization_event(self._session, by, "organization.restored", organization)
        return organization

    async def list_restorable(self, user_id: UUID) -> Sequence[Organization]:
        """The deleted organizations that ``user_id`` owns and can still restore."""
        found: Sequence[Organization] = (await self._session.scalars(self._restorable(user_id))).all()
        return found

    @staticmethod
    def _restorable(user_id: UUID | None) -> sa.Select[Organization]:
        return (
            sa.select(Organization)
            .join(Membership, Membership.organization_id == Organization.id)
            .where(
                Membership.user_id == user_id,
                Membership.role == Role.OWNER,
                Organization.deleted_at > utc_now() - RESTORE_PERIOD,
                Organization.erasing_at.is_(None),
            )
            .order_by(Organization.id.desc())
        )

    async def list_for_user(self, user_id: UUID, *, after: UUID | None, limit: int) -> list[tuple[Organization, Role]]:
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
        return [(organization, role) for organization, role in await self._session.execute(query)]

    async def set_plan(self, slug: str, plan: Plan, *, by: Actor = SYSTEM) -> Organization:
        """Change the plan of the organization with this ``slug``. Raises: NotFound."""
        organization = await self._repository.get_one_or_none(
            Organization.slug == slug, Organization.deleted_at.is_(None)
        )
        if organization is None:
            raise NotFound(f"There is no organization {slug!r}")
        before, organization.plan = organization.plan, plan
        if plan is not before:
            await record_organization_event(
                self._session, by, "organization.plan_changed", organization, {"before": before, "after": plan}
            )
        return organization

    async def add_phone_number(self, organization_id: UUID, e164: str, *, carrier_sid: str | None) -> PhoneNumber:
        """Record that the organization holds ``e164``, without a purchase."""
        number = PhoneNumber(organization_id=organization_id, e164=e164, carrier_sid=carrier_sid)
        self._session.add(number)
        await self._session.flush()
        return number


def restorable_until(organization: Organization) -> datetime:
    """The end of a deleted organization's restore period."""
    if organization.deleted_at is None:
        raise ValueError("the organization is not deleted")
    return organization.deleted_at + RESTORE_PERIOD


async def ensure_may_create_organization(database: Database, user_id: UUID) -> None:
    """Count one attempt to create an organization, in a transaction of its own. Raises: TooMany."""
    async with database.sessions() as session, session.begin():
        await hit_or_raise(
            session, f"organizations:{user_id}", limit=MAX_ORGANIZATIONS_PER_USER_PER_DAY, window=timedelta(days=1)
        )


def _changeable_fields(organization: Organization) -> dict[str, str]:
    """The fields that members can change, with the values for the audit log."""
    return {"name": organization.name, "country": organization.country, "time_zone": organization.zone.key}
