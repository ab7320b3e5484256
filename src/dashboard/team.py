"""Settings section **Team**: members, their roles, and handing over ownership."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from dashboard.guards import requires_membership
from dashboard.page_slice import page_slice
from dashboard.pages import redirect, render
from dashboard.settings import Section, SettingsRequest, register, render_settings
from kit.clock import utc_now
from kit.db.paging import split_page
from kit.errors import Conflict, DomainError, ValidationFailed
from kit.http.forms import Form, read_form
from phone_numbers.services import PhoneNumberService
from tenants.auth import MemberAuth, current_member
from tenants.guards import requires_role
from tenants.invitations import InvitationService
from tenants.members import MemberService
from tenants.models import Invitation, Role
from tenants.rules import parse_role
from tenants.settings_paths import SettingsSection, settings_path

_MEMBER = [requires_membership]
_ADMIN = [requires_membership, requires_role(Role.ADMIN)]
_OWNER = [requires_membership, requires_role(Role.OWNER)]
_REFUSALS = (ValidationFailed, Conflict)
REMOVE_EFFECT = "They lose access to this organization at once, on all pages and in the API. Their account stays."
LEAVE_EFFECT = "You lose access to this organization at once. To come back you need a new invitation."
HAND_OVER_EFFECT = "They become an owner, and you an admin: only owners delete the organization and ask for upgrades."
WITHDRAW_EFFECT = "The link in the mail stops working. You can invite this e-mail address again."


async def section_context(request: SettingsRequest, session: AsyncSession, member: MemberAuth) -> Mapping[str, Any]:
    """Template context of the section."""
    is_admin = member.role.rank >= Role.ADMIN.rank
    page, invitation_page = page_slice(request, "members"), page_slice(request, "invitations")
    rows = await MemberService(session).list_members(member.organization_id, after=page.after, limit=page.limit)
    _, next_cursor = split_page([row.membership for row in rows], page.limit)
    invitations: Sequence[Invitation] = ()
    next_invitation_cursor = None
    if is_admin:
        invitation_rows = await InvitationService(session).list_open(
            member.organization_id, after=invitation_page.after, limit=invitation_page.limit
        )
        invitations, next_invitation_cursor = split_page(invitation_rows, invitation_page.limit)
    return {
        "members": rows[: page.limit],
        "page_links": page.links(next_cursor, SettingsSection.TEAM),
        "invitations": invitations,
        "invitation_page_links": invitation_page.links(next_invitation_cursor, SettingsSection.TEAM),
        "own_user_id": member.actor.user_id,
        "is_admin": is_admin,
        "is_owner": member.role is Role.OWNER,
        "number_options": [
            (str(number.id), number.label)
            for number in await PhoneNumberService(session).list_from_numbers(member.organization_id)
        ],
        "now": utc_now(),
        "own_rank": member.role.rank,
        "role_options": [(role.value, role.value.capitalize()) for role in Role if role.rank <= member.role.rank],
        "effects": {
            "remove": REMOVE_EFFECT,
            "leave": LEAVE_EFFECT,
            "hand_over": HAND_OVER_EFFECT,
            "withdraw": WITHDRAW_EFFECT,
        },
    }


register(Section(SettingsSection.TEAM, "team", "Team", "settings/_team.html", section_context))


class TeamPages(Controller):
    """Forms about members."""

    path = "/dashboard/{slug:str}/settings"

    @post("/members/{member_id:uuid}", guards=_ADMIN)
    async def change_role(
        self,
        request: SettingsRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        member_id: FromPath[UUID],
    ) -> Response[str]:
        form, member = await read_form(request, "role"), current_member(request)
        try:
            async with db_session.begin_nested():
                changed = await MemberService(db_session).change_role(
                    member.organization_id, member_id, parse_role(form["role"]), by=member.actor
                )
        except _REFUSALS as refusal:
            return await _refused(request, db_session, refusal)
        return redirect(request, team_url(slug), f"{changed.email} is {changed.membership.role.with_article} now")

    @get("/members/{member_id:uuid}/remove", guards=_ADMIN)
    async def confirm_remove(
        self,
        request: SettingsRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        member_id: FromPath[UUID],
    ) -> Response[str]:
        """Confirmation page, for browsers without scripts."""
        team_member = await MemberService(db_session).get_member(current_member(request).organization_id, member_id)
        return render(
            request,
            "confirm.html",
            title=f"Remove {team_member.email}?",
            text=REMOVE_EFFECT,
            submit="Remove member",
            action=f"/dashboard/{slug}/settings/members/{member_id}/remove",
            back_url=team_url(slug),
        )

    # The service checks the role, because members may remove themselves.
    @post("/members/{member_id:uuid}/remove", guards=_MEMBER)
    async def remove(
        self,
        request: SettingsRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        member_id: FromPath[UUID],
    ) -> Response[str]:
        await read_form(request)
        member = current_member(request)
        team_member = await MemberService(db_session).get_member(member.organization_id, member_id)
        try:
            async with db_session.begin_nested():
                await MemberService(db_session).remove(member.organization_id, member_id, by=member.actor)
        except _REFUSALS as refusal:
            return await _refused(request, db_session, refusal)
        return redirect(
            request, team_url(slug), f"{team_member.email} is removed and can no longer open this organization"
        )

    @get("/leave", guards=_MEMBER)
    async def confirm_leave(self, request: SettingsRequest, slug: FromPath[str]) -> Response[str]:
        return render(
            request,
            "confirm.html",
            title="Leave this organization?",
            text=LEAVE_EFFECT,
            submit="Leave organization",
            action=f"/dashboard/{slug}/settings/leave",
            back_url=team_url(slug),
        )

    @post("/leave", guards=_MEMBER)
    async def leave(self, request: SettingsRequest, db_session: NamedDependency[AsyncSession]) -> Response[str]:
        await read_form(request)
        member = current_member(request)
        try:
            async with db_session.begin_nested():
                await MemberService(db_session).leave(member.organization_id, by=member.actor)
        except _REFUSALS as refusal:
            return await _refused(request, db_session, refusal)
        return redirect(request, "/dashboard", "You left the organization")

    @get("/members/{member_id:uuid}/hand-over", guards=_OWNER)
    async def confirm_hand_over(
        self,
        request: SettingsRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        member_id: FromPath[UUID],
    ) -> Response[str]:
        new_owner = await MemberService(db_session).get_member(current_member(request).organization_id, member_id)
        return render(
            request,
            "confirm.html",
            title=f"Hand over ownership to {new_owner.email}?",
            text=HAND_OVER_EFFECT,
            submit="Hand over ownership",
            action=f"/dashboard/{slug}/settings/members/{member_id}/hand-over",
            back_url=team_url(slug),
        )

    @post("/members/{member_id:uuid}/hand-over", guards=_OWNER)
    async def hand_over(
        self,
        request: SettingsRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        member_id: FromPath[UUID],
    ) -> Response[str]:
        await read_form(request)
        member = current_member(request)
        new_owner = await MemberService(db_session).transfer_ownership(
            member.organization_id, member_id, by=member.actor
        )
        return redirect(request, team_url(slug), f"{new_owner.email} is an owner now, and you are an admin")


async def _refused(request: SettingsRequest, session: AsyncSession, refusal: DomainError) -> Response[str]:
    """Render the section with the refusal as an error above it."""
    return await render_settings(request, session, SettingsSection.TEAM, Form(errors={"": refusal.message}))


def team_url(slug: str) -> str:
    """Return the section's URL."""
    return settings_path(slug, SettingsSection.TEAM)
