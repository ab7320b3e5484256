"""Mails about missed calls, in the settings section **Incoming calls**: members choose how often they get them, and
admins choose it for every member.
"""

from collections.abc import Sequence

from litestar import Controller, Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from calls.incoming.rules import MAX_NOTIFIED
from dashboard.guards import requires_membership
from dashboard.pages import redirect
from dashboard.settings import SettingsRequest, render_settings
from kit.errors import ValidationFailed
from kit.http.forms import UnexpectedFields, read_form
from tenants.auth import MemberAuth, current_member
from tenants.members import MemberService, TeamMember
from tenants.models import MissedDigest, Role
from tenants.settings_paths import SettingsSection, settings_path

DIGEST_CHOICES: Sequence[tuple[str, str]] = (
    (MissedDigest.OFF, "No mail"),
    (MissedDigest.HOURLY, "Each hour"),
    (MissedDigest.DAILY, "Each day at 8 AM"),
)
_DIGEST_FIELD_PREFIX = "digest_"
"""Prefix of the fields; the id of a member follows."""


async def members_to_mail(session: AsyncSession, member: MemberAuth) -> Sequence[TeamMember]:
    """The members whose mails ``member`` may change: all members for admins, else only ``member``."""
    service = MemberService(session)
    if member.role.rank >= Role.ADMIN.rank:
        return await service.list_members(member.organization_id, after=None, limit=MAX_NOTIFIED - 1)
    return [await service.get_own(member.organization_id, member.actor)]


class MissedCallMailPages(Controller):
    """The form that chooses how often members get mails about missed calls."""

    path = "/dashboard/{slug:str}/settings/incoming-calls/missed-mails"
    guards = (requires_membership,)

    @post()
    async def save(
        self, request: SettingsRequest, db_session: NamedDependency[AsyncSession], slug: FromPath[str]
    ) -> Response[str]:
        member, url = current_member(request), settings_path(slug, SettingsSection.INCOMING_CALLS, "missed-mails")
        members = {
            f"{_DIGEST_FIELD_PREFIX}{team_member.membership.id.hex}": team_member
            for team_member in await members_to_mail(db_session, member)
        }
        try:
            form = await read_form(request, *members)
        except UnexpectedFields as refusal:
            if not all(name.startswith(_DIGEST_FIELD_PREFIX) for name in refusal.names):
                raise
            return redirect(request, url, "The list of members changed meanwhile. Choose again", is_problem=True)
        errors = [(field, "Choose one of the list") for field in members if form[field] not in ("", *MissedDigest)]
        if errors:
            refused = form.refused(ValidationFailed(errors))
            return await render_settings(request, db_session, SettingsSection.INCOMING_CALLS, refused)
        chosen = {field: MissedDigest(form[field]) for field in members if form[field]}
        service = MemberService(db_session)
        for field, digest in chosen.items():
            member_id = members[field].membership.id
            await service.set_missed_digest(member.organization_id, member_id, digest, by=member.actor)
        recipient_count = sum(
            team_member.membership.missed_digest != MissedDigest.OFF for team_member in members.values()
        )
        if member.role.rank < Role.ADMIN.rank:
            notice = "You get mails about missed calls" if recipient_count else "You get no mails about missed calls"
            return redirect(request, url, notice)
        plural = " gets" if recipient_count == 1 else "s get"
        recipients = f"{recipient_count} member{plural}" if recipient_count else "Nobody gets"
        return redirect(request, url, f"{recipients} mails about missed calls")
