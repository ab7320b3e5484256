"""Invitations: sent, resent and withdrawn in the settings section **Team**; accepted at ``/invitations/<token>``."""

from datetime import tzinfo
from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from accounts.auth import current_actor, current_viewer, requires_user
from accounts.errors import EmailNotVerified
from accounts.sessions import Viewer
from dashboard.guards import requires_membership
from dashboard.pages import redirect, render
from dashboard.settings import SettingsRequest, render_settings
from dashboard.team import WITHDRAW_EFFECT, team_url
from kit.clock import utc_now
from kit.errors import Conflict, TooMany, ValidationFailed
from kit.http.app_key import DATABASE, MAILER, SETTINGS
from kit.http.forms import Form, ensure_valid_text, read_form
from kit.time_zones import short_time
from tenants.auth import current_member
from tenants.errors import InvitationForAnotherEmail, InvitationNotUsable
from tenants.guards import requires_role
from tenants.invitation_limits import ensure_may_send_invitation
from tenants.invitations import InvitationService, SentInvitation, find_organization_id
from tenants.mails import invitation_mail
from tenants.members import MemberService
from tenants.models import Invitation, Role
from tenants.rules import parse_role
from tenants.settings_paths import SettingsSection

_ADMIN = [requires_membership, requires_role(Role.ADMIN)]
_REFUSALS = (ValidationFailed, Conflict, TooMany)
# The URL holds the token: it must not reach other pages as a referrer.
_NO_REFERRER = {"Referrer-Policy": "no-referrer"}
Visit = Request[Any, Any, State]


class InvitationPages(Controller):
    """Forms that send, resend and withdraw an invitation; for admins."""

    path = "/dashboard/{slug:str}/settings/invitations"

    @post(guards=_ADMIN)
    async def invite(
        self, request: SettingsRequest, db_session: NamedDependency[AsyncSession], slug: FromPath[str]
    ) -> Response[str]:
        form, member = await read_form(request, "email", "role"), current_member(request)
        try:
            ensure_valid_text(form)
            role = parse_role(form["role"])
            await ensure_may_send_invitation(
                DATABASE.get(request.app), member.organization_id, form["email"], member.actor.user_id
            )
            async with db_session.begin_nested():
                sent = await InvitationService(db_session).invite(
                    member.organization_id, email=form["email"], role=role, by=member.actor, inviter_role=member.role
                )
        except _REFUSALS as refusal:
            return await render_settings(request, db_session, SettingsSection.TEAM, form.refused(refusal))
        await _send_mail(request, db_session, sent)
        return redirect(request, team_url(slug), invited_notice(sent.invitation, member.zone))

    @post("/{invitation_id:uuid}/resend", guards=_ADMIN)
    async def resend(
        self,
        request: SettingsRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        invitation_id: FromPath[UUID],
    ) -> Response[str]:
        await read_form(request)
        member, invitations = current_member(request), InvitationService(db_session)
        invitation = await invitations.get_open(member.organization_id, invitation_id)
        try:
            await ensure_may_send_invitation(
                DATABASE.get(request.app), member.organization_id, invitation.email, member.actor.user_id
            )
        except (Conflict, TooMany) as refusal:
            return await render_settings(request, db_session, SettingsSection.TEAM, Form(errors={"": refusal.message}))
        sent = await invitations.resend(
            member.organization_id, invitation_id, by=member.actor, inviter_role=member.role
        )
        await _send_mail(request, db_session, sent)
        return redirect(
            request,
            team_url(slug),
            f"{invited_notice(sent.invitation, member.zone)} The link sent before no longer works.",
        )

    @get("/{invitation_id:uuid}/withdraw", guards=_ADMIN)
    async def confirm_withdraw(
        self,
        request: SettingsRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        invitation_id: FromPath[UUID],
    ) -> Response[str]:
        invitation = await InvitationService(db_session).get_open(
            current_member(request).organization_id, invitation_id
        )
        return render(
            request,
            "confirm.html",
            title=f"Withdraw the invitation to {invitation.email}?",
            text=WITHDRAW_EFFECT,
            submit="Withdraw invitation",
            action=f"/dashboard/{slug}/settings/invitations/{invitation_id}/withdraw",
            back_url=team_url(slug),
        )

    @post("/{invitation_id:uuid}/withdraw", guards=_ADMIN)
    async def withdraw(
        self,
        request: SettingsRequest,
        db_session: NamedDependency[AsyncSession],
        slug: FromPath[str],
        invitation_id: FromPath[UUID],
    ) -> Response[str]:
        await read_form(request)
        member = current_member(request)
        await InvitationService(db_session).withdraw(member.organization_id, invitation_id, by=member.actor)
        return redirect(request, team_url(slug), "Invitation withdrawn. Its link no longer works.")


@get("/invitations/{token:str}")
async def invitation_page(request: Visit, token: FromPath[str]) -> Response[str]:
    """Page of an invitation link; a visitor who must sign in or sign up first comes back here."""
    return await _page(request, token)


@post("/invitations/{token:str}", guards=[requires_user])
async def accept_invitation(request: Visit, token: FromPath[str]) -> Response[str]:
    await read_form(request)
    database = DATABASE.get(request.app)
    try:
        organization_id = await find_organization_id(database, token)
        async with database.tenant_session(organization_id, current_viewer(request).user_id) as session:
            joined = await InvitationService(session).accept(organization_id, token, by=current_actor(request))
            role = await MemberService(session).get_role(organization_id, current_viewer(request).user_id)
    except InvitationNotUsable:
        return _invitation_expired(request)
    except (InvitationForAnotherEmail, EmailNotVerified):
        # The page then explains why it has no button.
        return await _page(request, token, status=403)
    # A member who is invited again keeps their role.
    return redirect(request, f"/dashboard/{joined.slug}", f"You are {role.with_article} of {joined.name} now")


def invited_notice(invitation: Invitation, zone: tzinfo) -> str:
    """The notice that an invitation was sent and how long its link works; the time is in ``zone``."""
    until = short_time(invitation.expires_at, zone, now=utc_now())
    return (
        f"{invitation.email} is invited to join as {invitation.role.with_article}. The link in the mail works until"
        f" {until}."
    )


HANDLERS = (InvitationPages, invitation_page, accept_invitation)


async def _page(request: Visit, token: str, *, status: int = 200) -> Response[str]:
    database = DATABASE.get(request.app)
    try:
        organization_id = await find_organization_id(database, token)
        async with database.tenant_session(organization_id) as session:
            invitation = await InvitationService(session).preview(organization_id, token)
    except InvitationNotUsable:
        return _invitation_expired(request)
    user = request.scope["user"]
    response = render(
        request,
        "invitation.html",
        status=status,
        invitation=invitation,
        is_theirs=isinstance(user, Viewer) and user.email == invitation.email,
    )
    response.headers.update(_NO_REFERRER)
    return response


def _invitation_expired(request: Visit) -> Response[str]:
    response = render(request, "invitation_expired.html", status=404)
    response.headers.update(_NO_REFERRER)
    return response


async def _send_mail(request: SettingsRequest, session: AsyncSession, sent: SentInvitation) -> None:
    settings, inviter = SETTINGS.get(request.app), current_viewer(request)
    mail = invitation_mail(sent, inviter=inviter.name, settings=settings)
    await MAILER.get(request.app).send_after_commit(session, mail)
