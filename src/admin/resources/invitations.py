"""Invitations in the back office: list, detail page and the staff action that sends one again."""

from typing import Any

from admin.actions.staff_action import ActionContext, staff_action
from admin.base_view import RecordView
from admin.filters import organization_filter
from admin.menu import MenuGroup
from admin.models import StaffRole
from tenants.invitation_limits import ensure_may_send_invitation
from tenants.invitations import InvitationService
from tenants.mails import invitation_mail
from tenants.models import Invitation, Role


@staff_action(
    "resend",
    "Send again",
    role=StaffRole.OPERATOR,
    effect="A new link is mailed to the invited person. The earlier link stops working.",
    applies=lambda invitation: invitation.accepted_at is None and invitation.revoked_at is None,
    is_destructive=False,
)
async def resend(context: ActionContext[Invitation]) -> str:
    invitation, back_office = context.record, context.back_office
    organization_id = invitation.organization_id
    await ensure_may_send_invitation(back_office.database, organization_id, invitation.email, None)
    async with context.tenant_session(organization_id) as session:
        sent = await InvitationService(session).resend(
            organization_id, invitation.id, by=context.by, inviter_role=Role.OWNER
        )
        mail = invitation_mail(sent, inviter=sent.organization_name, settings=back_office.settings)
        await back_office.mailer.send_after_commit(session, mail)
    expires = sent.invitation.expires_at
    return (
        f"A new invitation to {sent.organization_name} is being mailed to {invitation.email}. Its link works until "
        f"{expires:%B} {expires.day} (UTC); the earlier link does not work any more."
    )


class InvitationView(RecordView, model=Invitation):
    identity = "invitation"
    name_plural = "Invitations"
    description = "Invitations to organizations, sent by mail."
    menu_group = MenuGroup.CUSTOMERS
    icon = "invitation"
    empty_text = "Invitations appear here when admins send them."
    column_list = (
        "email",
        "organization_id",
        "role",
        "expires_at",
        "accepted_at",
        "revoked_at",
        "id",
    )
    column_details_list = (
        *column_list,
        "invited_by",
        "created_at",
    )
    filters = {"organization_id": organization_filter(Invitation)}
    staff_actions = (resend,)

    def heading(self, row: Any) -> str:
        return str(row.email)

    def record_state(self, row: Any) -> str:
        return f"{row.accepted_at or ''} {row.revoked_at or ''}"
