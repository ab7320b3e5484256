"""``/api/organizations``: organizations of the signed-in person, their members and invitations."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, patch, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import UnsetType
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.auth import current_viewer
from kit.db.paging import PageQuery
from kit.errors import TooMany
from kit.http.app_key import DATABASE, MAILER, SETTINGS
from kit.schemas import Page
from tenants.api_keys.auth import has_api_key
from tenants.auth import current_member
from tenants.errors import (
    AlreadyInvited,
    AlreadyMember,
    InvitationsDeclined,
    InvitationsPaused,
    LastOwner,
    RoleTooLow,
)
from tenants.guards import rejects_api_keys, requires_member, requires_role, requires_user_or_key
from tenants.invitation_limits import ensure_may_send_invitation
from tenants.invitations import InvitationService, SentInvitation
from tenants.mails import invitation_mail
from tenants.members import MemberService
from tenants.models import Role
from tenants.schemas import (
    ChangeMember,
    ChangeOrganization,
    InvitationInfo,
    Invite,
    MemberInfo,
    OrganizationInfo,
)
from tenants.services import OrganizationService

_ADMIN = [requires_member, requires_role(Role.ADMIN)]
# API keys are refused before the role is checked: they may not even see or count team data.
_TEAM = [requires_member, rejects_api_keys]
_TEAM_ADMIN = [*_TEAM, requires_role(Role.ADMIN)]


class OrganizationController(Controller):
    """Organizations as their members see them."""

    path = "/organizations"
    tags = ["Organizations"]

    @get(guards=[requires_user_or_key], summary="My organizations; with an API key, its own")
    async def mine(
        self,
        request: Request[Any, Any, State],
        page_query: NamedDependency[PageQuery],
    ) -> Page[OrganizationInfo]:
        # Opened here, because a key's session may read the key's organization, and a user's all of the user's.
        database = DATABASE.get(request.app)
        if has_api_key(request):
            key = current_member(request)
            async with database.tenant_session(key.organization_id) as session:
                own = await OrganizationService(session).get(key.organization_id)
            return Page(items=[OrganizationInfo.of(own, key.role)] if page_query.after is None else [])
        user_id = current_viewer(request).user_id
        async with database.tenant_session(None, user_id) as session:
            found = await OrganizationService(session).list_for_user(
                user_id, after=page_query.after, limit=page_query.limit
            )
        roles = {organization.id: role for organization, role in found}
        return page_query.to_page(
            [organization for organization, _ in found], lambda row: OrganizationInfo.of(row, roles[row.id])
        )

    @get("/{organization_id:uuid}", guards=[requires_member], summary="One organization")
    async def show(
        self,
        request: Request[Any, Any, State],
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
    ) -> OrganizationInfo:
        return OrganizationInfo.of(
            await OrganizationService(db_session).get(organization_id), current_member(request).role
        )

    @patch("/{organization_id:uuid}", guards=_ADMIN, summary="Change name, country or time zone")
    async def change(
        self,
        request: Request[Any, Any, State],
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        data: JSONBody[ChangeOrganization],
    ) -> OrganizationInfo:
        organization = await OrganizationService(db_session).update(
            organization_id,
            by=current_member(request).actor,
            name=None if isinstance(data.name, UnsetType) else data.name,
            country=None if isinstance(data.country, UnsetType) else data.country,
            time_zone=None if isinstance(data.time_zone, UnsetType) else data.time_zone or "",
        )
        return OrganizationInfo.of(organization, current_member(request).role)


class MemberController(Controller):
    """The people of the organization in the path."""

    path = "/organizations/{organization_id:uuid}/members"
    tags = ["Team"]

    @get(guards=_TEAM, summary="Members")
    async def index(
        self,
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        page_query: NamedDependency[PageQuery],
    ) -> Page[MemberInfo]:
        rows = await MemberService(db_session).list_members(
            organization_id, after=page_query.after, limit=page_query.limit
        )
        people = {row.membership.id: row for row in rows}
        return page_query.to_page([row.membership for row in rows], lambda row: MemberInfo.of(people[row.id]))

    @patch(
        "/{member_id:uuid}",
        guards=_TEAM_ADMIN,
        summary="Change a member's role, number or mails",
        refusals=(LastOwner,),
    )
    async def change(
        self,
        request: Request[Any, Any, State],
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        member_id: FromPath[UUID],
        data: JSONBody[ChangeMember],
    ) -> MemberInfo:
        service, by = MemberService(db_session), current_member(request).actor
        if not isinstance(data.role, UnsetType):
            await service.change_role(organization_id, member_id, data.role, by=by)
        if not isinstance(data.from_number_id, UnsetType):
            await service.set_number(organization_id, member_id, data.from_number_id, by=by)
        if not isinstance(data.missed_digest, UnsetType):
            await service.set_missed_digest(organization_id, member_id, data.missed_digest, by=by)
        return MemberInfo.of(await service.get_member(organization_id, member_id))

    # The service checks the role, because every member may leave.
    @delete(
        "/{member_id:uuid}",
        guards=_TEAM,
        summary="Remove a member, or leave",
        status_code=204,
        refusals=(RoleTooLow, LastOwner),
    )
    async def remove(
        self,
        request: Request[Any, Any, State],
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        member_id: FromPath[UUID],
    ) -> None:
        await MemberService(db_session).remove(organization_id, member_id, by=current_member(request).actor)


class InvitationController(Controller):
    """Open invitations of the organization in the path."""

    path = "/organizations/{organization_id:uuid}/invitations"
    tags = ["Team"]

    @get(guards=_TEAM_ADMIN, summary="Open invitations")
    async def index(
        self,
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        page_query: NamedDependency[PageQuery],
    ) -> Page[InvitationInfo]:
        rows = await InvitationService(db_session).list_open(
            organization_id, after=page_query.after, limit=page_query.limit
        )
        return page_query.to_page(rows, InvitationInfo.of)

    @post(
        guards=_TEAM_ADMIN,
        summary="Invite somebody by e-mail",
        refusals=(AlreadyMember, AlreadyInvited, InvitationsDeclined, InvitationsPaused, TooMany),
    )
    async def invite(
        self,
        request: Request[Any, Any, State],
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        data: JSONBody[Invite],
    ) -> Response[InvitationInfo]:
        await ensure_may_send_invitation(
            DATABASE.get(request.app), organization_id, data.email, current_viewer(request).user_id
        )
        inviter = current_member(request)
        sent = await InvitationService(db_session).invite(
            organization_id, email=data.email, role=data.role, by=inviter.actor, inviter_role=inviter.role
        )
        await _mail_invitation(request, db_session, sent)
        return Response(InvitationInfo.of(sent.invitation), status_code=201)

    @post(
        "/{invitation_id:uuid}/resend",
        guards=_TEAM_ADMIN,
        summary="Send an invitation again",
        status_code=200,
        refusals=(InvitationsDeclined, InvitationsPaused, TooMany),
    )
    async def resend(
        self,
        request: Request[Any, Any, State],
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        invitation_id: FromPath[UUID],
    ) -> InvitationInfo:
        invitations, inviter = InvitationService(db_session), current_member(request)
        invitation = await invitations.get_open(organization_id, invitation_id)
        await ensure_may_send_invitation(
            DATABASE.get(request.app), organization_id, invitation.email, current_viewer(request).user_id
        )
        sent = await invitations.resend(organization_id, invitation_id, by=inviter.actor, inviter_role=inviter.role)
        await _mail_invitation(request, db_session, sent)
        return InvitationInfo.of(sent.invitation)

    @delete("/{invitation_id:uuid}", guards=_TEAM_ADMIN, summary="Withdraw an invitation", status_code=204)
    async def withdraw(
        self,
        request: Request[Any, Any, State],
        db_session: NamedDependency[AsyncSession],
        organization_id: FromPath[UUID],
        invitation_id: FromPath[UUID],
    ) -> None:
        await InvitationService(db_session).withdraw(organization_id, invitation_id, by=current_member(request).actor)


async def _mail_invitation(request: Request[Any, Any, State], db_session: AsyncSession, sent: SentInvitation) -> None:
    settings, mailer = SETTINGS.get(request.app), MAILER.get(request.app)
    inviter = current_viewer(request)
    mail = invitation_mail(sent, inviter=inviter.name, settings=settings)
    await mailer.send_after_commit(db_session, mail)
