"""Sends, resends, withdraws and accepts invitations."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.models import User
from accounts.rules import ensure_email_verified, parse_email
from kit.actor import Actor
from kit.audit import record
from kit.clock import utc_now
from kit.db.database import Database
from kit.errors import NotFound
from kit.secrets import digest
from tenants import rules
from tenants.errors import AlreadyInvited, AlreadyMember, InvitationForAnotherEmail, InvitationNotUsable
from tenants.models import Invitation, Membership, Organization, Role
from tenants.services import OrganizationService

INVITATION_LIFETIME = timedelta(days=7)
_FIND_ORGANIZATION_SQL = """
SELECT organization_id FROM invitation
WHERE digest = $1 AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > now()
"""


class SentInvitation(NamedTuple):
    """An invitation with its raw token, which only the mail contains."""

    invitation: Invitation
    raw: str
    organization_name: str


class InvitationPreview(NamedTuple):
    """The data that the holder of the invitation's link may see."""

    organization_name: str
    email: str
    role: Role


class InvitationService:
    """Invitations of one organization at a time."""

    class Repository(SQLAlchemyAsyncRepository[Invitation]):
        model_type = Invitation

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._repository = self.Repository(session=session)

    async def list_open(self, organization_id: UUID, *, after: UUID | None, limit: int) -> Sequence[Invitation]:
        """``limit`` + 1 open invitations, expired ones included, newest first."""
        query = sa.select(Invitation).where(*_is_open(organization_id)).order_by(Invitation.id.desc()).limit(limit + 1)
        if after is not None:
            query = query.where(Invitation.id < after)
        found: Sequence[Invitation] = (await self._session.scalars(query)).all()
        return found

    async def invite(
        self, organization_id: UUID, *, email: str, role: Role, by: Actor, inviter_role: Role
    ) -> SentInvitation:
        """Invite ``email``. The result does not tell whether that address has an account.

        Raises:
            RoleTooLow: the role is above ``inviter_role``.
            ValidationFailed: ``email`` is not an e-mail address.
            AlreadyMember: the address belongs to a member.
            AlreadyInvited: an invitation to the address is open.
        """
        rules.ensure_may_manage(inviter_role, role)
        session, email = self._session, parse_email(email)
        await OrganizationService(session).lock(organization_id)
        members = sa.select(Membership.id).join(User, User.id == Membership.user_id)
        if await session.scalar(members.where(Membership.owned_by(organization_id), User.email == email)):
            raise AlreadyMember
        earlier = await self._repository.get_one_or_none(*_is_open(organization_id), Invitation.email == email)
        if earlier is not None:
            if earlier.expires_at > utc_now():
                raise AlreadyInvited
            earlier.revoked_at = utc_now()
            await session.flush()
        raw = secrets.token_urlsafe(32)
        invitation = await self._repository.add(
            Invitation(
                organization_id=organization_id,
                email=email,
                role=role,
                digest=digest(raw),
                invited_by=by.user_id,
                expires_at=utc_now() + INVITATION_LIFETIME,
            )
        )
        await self._record(invitation, by, "invitation.sent", {"role": role})
        return SentInvitation(invitation, raw, await self._organization_name(organization_id))

    async def resend(
        self, organization_id: UUID, invitation_id: UUID, *, by: Actor, inviter_role: Role
    ) -> SentInvitation:
        """Send a new link for an open invitation; the old one stops working. Raises: NotFound, RoleTooLow."""
        invitation = await self.get_open(organization_id, invitation_id)
        rules.ensure_may_manage(inviter_role, invitation.role)
        raw = secrets.token_urlsafe(32)
        invitation.digest, invitation.expires_at = digest(raw), utc_now() + INVITATION_LIFETIME
        await self._record(invitation, by, "invitation.sent_again", None)
        return SentInvitation(invitation, raw, await self._organization_name(organization_id))

    async def withdraw(self, organization_id: UUID, invitation_id: UUID, *, by: Actor) -> None:
        """Withdraw an open invitation; its link stops working. Raises: NotFound."""
        invitation = await self.get_open(organization_id, invitation_id)
        invitation.revoked_at = utc_now()
        await self._record(invitation, by, "invitation.withdrawn", None)

    async def get_open(self, organization_id: UUID, invitation_id: UUID) -> Invitation:
        """One open invitation, locked until the transaction ends. Raises: NotFound."""
        query = (
            sa.select(Invitation).where(*_is_open(organization_id), Invitation.id == invitation_id).with_for_update()
        )
        invitation: Invitation | None = await self._session.scalar(query)
        if invitation is None:
            raise NotFound
        return invitation

    async def preview(self, organization_id: UUID, raw: str) -> InvitationPreview:
        """The invitation of the link ``raw``. Raises: InvitationNotUsable."""
        invitation = await self._get_by_token(organization_id, raw)
        name = await self._organization_name(organization_id)
        return InvitationPreview(name, invitation.email, invitation.role)

    async def accept(self, organization_id: UUID, raw: str, *, by: Actor) -> Organization:
        """Make ``by`` a member; an existing member keeps their role.

        Raises:
            InvitationNotUsable: the link is unknown or does not work any more.
            InvitationForAnotherEmail: the invitation was sent to another e-mail address.
            EmailNotVerified: the person has not confirmed their e-mail address.
        """
        session = self._session
        await OrganizationService(session).lock(organization_id)
        invitation = await self._get_by_token(organization_id, raw)
        user = await session.get(User, by.user_id)
        if user is None or user.email != invitation.email:
            raise InvitationForAnotherEmail
        ensure_email_verified(user.email_verified_at is not None)
        invitation.accepted_at = utc_now()
        membership = Membership.owned_by(organization_id), Membership.user_id == user.id
        if await session.scalar(sa.select(Membership.id).where(*membership)) is None:
            session.add(Membership(organization_id=organization_id, user_id=user.id, role=invitation.role))
        await self._record(invitation, by, "invitation.accepted", {"role": invitation.role})
        query = sa.select(Organization).where(Organization.id == organization_id)
        organization: Organization = (await session.scalars(query)).one()
        return organization

    async def _get_by_token(self, organization_id: UUID, raw: str) -> Invitation:
        query = (
            sa.select(Invitation)
            .join(Organization, Organization.id == Invitation.organization_id)
            .where(
                *_is_open(organization_id),
                Invitation.digest == digest(raw),
                Invitation.expires_at > utc_now(),
                Organization.deleted_at.is_(None),
            )
            .with_for_update(of=Invitation)
        )
        invitation: Invitation | None = await self._session.scalar(query)
        if invitation is None:
            raise InvitationNotUsable
        return invitation

    async def _organization_name(self, organization_id: UUID) -> str:
        query = sa.select(Organization.name).where(Organization.id == organization_id)
        name: str = (await self._session.scalars(query)).one()
        return name

    async def _record(self, invitation: Invitation, by: Actor, action: str, details: dict[str, object] | None) -> None:
        await record(
            self._session,
            by,
            action,
            organization_id=invitation.organization_id,
            subject_id=invitation.id,
            subject_name=invitation.email,
            details=details,
        )


def _is_open(organization_id: UUID) -> tuple[sa.ColumnElement[bool], ...]:
    return Invitation.owned_by(organization_id), Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None)


async def find_organization_id(database: Database, raw: str) -> UUID:
    """The organization of the link ``raw``. Raises: InvitationNotUsable."""
    found: UUID | None = await database.lookup_pool.fetch_value(_FIND_ORGANIZATION_SQL, digest(raw))
    if found is None:
        raise InvitationNotUsable
    return found
