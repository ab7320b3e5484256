"""Lists and removes members, changes their role, caller id and mails about missed calls, and transfers ownership."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.models import User
from kit.actor import Actor
from kit.audit import record
from kit.clock import utc_now
from kit.errors import NotFound, ValidationFailed
from tenants import rules
from tenants.errors import LastOwner
from tenants.models import Membership, MissedDigest, Role, select_caller_id_numbers
from tenants.services import OrganizationService


class TeamMember(NamedTuple):
    """A membership with the person's e-mail address and name."""

    membership: Membership
    email: str
    name: str
    from_number_id: UUID | None
    """The number that the member's calls show; None when none is set, or when it is not usable any more."""


class MemberService:
    """Members of one organization at a time; ``by`` is always one of them."""

    class Repository(SQLAlchemyAsyncRepository[Membership]):
        model_type = Membership

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._repository = self.Repository(session=session)

    async def list_members(self, organization_id: UUID, *, after: UUID | None, limit: int) -> Sequence[TeamMember]:
        """``limit`` + 1 members, newest first."""
        query = _select_members(organization_id).order_by(Membership.id.desc()).limit(limit + 1)
        if after is not None:
            query = query.where(Membership.id < after)
        return [TeamMember(*row) for row in await self._session.execute(query)]

    async def list_calling_from(self, organization_id: UUID, number_ids: Sequence[UUID]) -> Sequence[TeamMember]:
        """Members whose calls show one of ``number_ids``."""
        query = _select_members(organization_id).where(Membership.from_number_id.in_(number_ids))
        query = query.order_by(Membership.id)
        return [TeamMember(*row) for row in await self._session.execute(query)]

    async def list_owners(self, organization_id: UUID) -> Sequence[TeamMember]:
        """The owners of the organization."""
        query = _select_members(organization_id).where(Membership.role == Role.OWNER).order_by(Membership.id)
        return [TeamMember(*row) for row in await self._session.execute(query)]

    async def list_administrators(self, organization_id: UUID) -> Sequence[TeamMember]:
        """The owners and admins of the organization."""
        of_role = Membership.role.in_((Role.OWNER, Role.ADMIN))
        query = _select_members(organization_id).where(of_role).order_by(Membership.id)
        return [TeamMember(*row) for row in await self._session.execute(query)]

    async def get_role(self, organization_id: UUID, user_id: UUID) -> Role:
        """The role of a member. Raises: NotFound."""
        query = sa.select(Membership.role).where(Membership.owned_by(organization_id), Membership.user_id == user_id)
        role: Role | None = await self._session.scalar(query)
        if role is None:
            raise NotFound
        return role

    async def change_role(self, organization_id: UUID, member_id: UUID, role: Role, *, by: Actor) -> TeamMember:
        """Change a member's role.

        Raises:
            RoleTooLow: the member's role or the new role is above the role of ``by``.
            NotFound: there is no such member.
            LastOwner: the organization has no other owner.
        """
        await OrganizationService(self._session).lock(organization_id)
        own = await self._get_own_membership(organization_id, by)
        rules.ensure_may_manage(own.role, role)
        member = await self.get_member(organization_id, member_id)
        rules.ensure_may_manage(own.role, member.membership.role)
        await self._set_role(member, role, by)
        return member

    async def set_number(
        self, organization_id: UUID, member_id: UUID, number_id: UUID | None, *, by: Actor
    ) -> TeamMember:
        """Set the number that the member's calls show; None removes it, so that the usual rules choose the number.

        Raises:
            NotFound: there is no such member.
            ValidationFailed: the organization has no such number that calls may show.
        """
        member = await self.get_member(organization_id, member_id)
        numbers = {row.id: row.e164 for row in await self._session.execute(select_caller_id_numbers(organization_id))}
        if number_id is not None and number_id not in numbers:
            raise ValidationFailed([("from_number_id", "Must be the id of a number that the organization holds")])
        before = member.membership.from_number_id
        if number_id != before:
            member.membership.from_number_id = number_id
            old, new = ({"number": numbers.get(each) if each else None} for each in (before, number_id))
            await self._record(member, by, "member.number_changed", {"before": old, "after": new})
        return member._replace(from_number_id=number_id)

    async def get_own(self, organization_id: UUID, by: Actor) -> TeamMember:
        """The membership of the person ``by``. Raises: NotFound."""
        return await self.get_member(organization_id, (await self._get_own_membership(organization_id, by)).id)

    async def set_missed_digest(
        self, organization_id: UUID, member_id: UUID, digest: MissedDigest, *, by: Actor
    ) -> TeamMember:
        """Set how often the member gets a mail about missed calls from now on. Raises: NotFound."""
        member = await self.get_member(organization_id, member_id)
        before = member.membership.missed_digest
        if digest != before:
            member.membership.missed_digest, member.membership.missed_mailed_at = digest.value, utc_now()
            old, new = ({"missed_calls": each} for each in (before, digest.value))
            await self._record(member, by, "member.mails_changed", {"before": old, "after": new})
        return member

    async def remove(self, organization_id: UUID, member_id: UUID, *, by: Actor) -> None:
        """Remove a member; their next request is refused. Members may always remove themselves.

        Raises: RoleTooLow, NotFound, LastOwner.
        """
        await OrganizationService(self._session).lock(organization_id)
        own = await self._get_own_membership(organization_id, by)
        if member_id != own.id:
            rules.ensure_may_manage(own.role)
        member = await self.get_member(organization_id, member_id)
        if member_id != own.id:
            rules.ensure_may_manage(own.role, member.membership.role)
        await self._ensure_another_owner(member.membership)
        await self._session.delete(member.membership)
        await self._record(member, by, "member.left" if member_id == own.id else "member.removed")

    async def leave(self, organization_id: UUID, *, by: Actor) -> None:
        """Remove ``by``. Raises: NotFound, LastOwner."""
        own = await self._get_own_membership(organization_id, by)
        await self.remove(organization_id, own.id, by=by)

    async def transfer_ownership(self, organization_id: UUID, member_id: UUID, *, by: Actor) -> TeamMember:
        """Make another member an owner, and ``by`` an admin. Raises: RoleTooLow, NotFound."""
        await OrganizationService(self._session).lock(organization_id)
        own = await self._get_own_membership(organization_id, by)
        rules.ensure_role(own.role, Role.OWNER)
        if member_id == own.id:
            raise NotFound
        new_owner = await self.get_member(organization_id, member_id)
        await self._set_role(new_owner, Role.OWNER, by)
        await self._set_role(await self.get_member(organization_id, own.id), Role.ADMIN, by)
        return new_owner

    async def _get_own_membership(self, organization_id: UUID, by: Actor) -> Membership:
        """The membership of ``by``, read under the organization's lock: a role that was just removed does not count.

        Raises: NotFound.
        """
        own = await self._repository.get_one_or_none(
            Membership.owned_by(organization_id), Membership.user_id == by.user_id
        )
        if own is None:
            raise NotFound
        return own

    async def get_member(self, organization_id: UUID, member_id: UUID) -> TeamMember:
        """One member. Raises: NotFound."""
        query = _select_members(organization_id).where(Membership.id == member_id)
        row = (await self._session.execute(query)).one_or_none()
        if row is None:
            raise NotFound
        return TeamMember(*row)

    async def _set_role(self, member: TeamMember, role: Role, by: Actor) -> None:
        before = member.membership.role
        if role is before:
            return
        await self._ensure_another_owner(member.membership)
        member.membership.role = role
        await self._record(member, by, "member.role_changed", {"before": before, "after": role})

    async def _ensure_another_owner(self, leaving: Membership) -> None:
        if leaving.role is Role.OWNER:
            others = Membership.role == Role.OWNER, Membership.id != leaving.id
            if not await self._repository.count(Membership.owned_by(leaving.organization_id), *others):
                raise LastOwner

    async def _record(
        self, member: TeamMember, by: Actor, action: str, details: dict[str, object] | None = None
    ) -> None:
        await record(
            self._session,
            by,
            action,
            organization_id=member.membership.organization_id,
            subject_id=member.membership.user_id,
            subject_name=member.email,
            details=details,
        )


def _select_members(organization_id: UUID) -> sa.Select[Membership, str, str, UUID]:
    usable = sa.select(select_caller_id_numbers(organization_id).subquery().c.id)
    own_number = sa.case((Membership.from_number_id.in_(usable), Membership.from_number_id))
    return (
        sa.select(Membership, User.email, User.name, own_number)
        .join(User, User.id == Membership.user_id)
        .where(Membership.owned_by(organization_id))
    )
