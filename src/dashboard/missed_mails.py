"""Settings section **Incoming calls**, mails about missed calls: each member's own choice, or an admin's for all."""

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
_CHOICE_OF_MEMBER = "digest_"
"""Begins the names of the fields; the id of a member follows."""


async def members_to_mail(session: AsyncSession, who: MemberAuth) -> Sequence[TeamMember]:
    """The members whose mails ``who`` may change: all for admins, else only themselves."""
    service = MemberService(session)
    if who.role.rank >= Role.ADMIN.rank:
        return await service.list_members(who.organization_id, after=None, limit=MAX_NOTIFIED - 1)
    return [await service.get_own(who.organization_id, who.actor)]


class MissedMailPages(Controller):
    """The form of the mails about missed calls."""

    path = "/dashboard/{slug:str}/settings/incoming-calls/missed-mails"
    guards = (requires_membership,)

    @post()
    async def save(
        self, request: SettingsRequest, db_session: NamedDependency[AsyncSession], slug: FromPath[str]
    ) -> Response[str]:
        who, url = current_member(request), settings_path(slug, SettingsSection.INCOMING_CALLS, "missed-mails")
        fields = {
            f"{_CHOICE_OF_MEMBER}{each.membership.id.hex}": each for each in await members_to_mail(db_session, who)
        }
        try:
            form = await read_form(request, *fields)
        except UnexpectedFields as refusal:
            if not all(name.startswith(_CHOICE_OF_MEMBER) for name in refusal.names):
                raise
            return redirect(request, url, "The list of members changed meanwhile. Choose again", is_problem=True)
        wrong = [(field, "Choose one of the list") for field in fields if form[field] not in ("", *MissedDigest)]
        if wrong:
            refused = form.refused(ValidationFailed(wrong))
            return await render_settings(request, db_session, SettingsSection.INCOMING_CALLS, refused)
        chosen = {field: MissedDigest(form[field]) for field in fields if form[field]}
        service = MemberService(db_session)
        for field, digest in chosen.items():
            member_id = fields[field].membership.id
            await service.set_missed_digest(who.organization_id, member_id, digest, by=who.actor)
        mailed = sum(each.membership.missed_digest != MissedDigest.OFF for each in fields.values())
        if who.role.rank < Role.ADMIN.rank:
            said = "You get mails about missed calls" if mailed else "You get no mails about missed calls"
            return redirect(request, url, said)
        who_gets = f"{mailed} member{' gets' if mailed == 1 else 's get'}" if mailed else "Nobody gets"
        return redirect(request, url, f"{who_gets} mails about missed calls")
