"""Invitations that recipients reported as unwanted, in the back office: list, detail page and the staff action that
dismisses a report.
"""

from typing import Any

from admin.actions.staff_action import ActionContext, staff_action
from admin.base_view import RecordView
from admin.filters import organization_filter
from admin.menu import MenuGroup
from admin.models import StaffRole
from tenants.invitation_reports import InvitationReportService
from tenants.models import InvitationReport, Organization


@staff_action(
    "dismiss",
    "Dismiss",
    role=StaffRole.OPERATOR,
    effect="The report is deleted: organization and inviter can invite the recipient again. Paused invitations stay "
    "paused until they are resumed at the organization.",
    applies=lambda _: True,
)
async def dismiss(context: ActionContext[InvitationReport]) -> str:
    report = context.record
    async with context.tenant_session(report.organization_id) as session:
        await InvitationReportService(session).dismiss(report.organization_id, report.id, by=context.by)
        organization = await session.get_one(Organization, report.organization_id)
    if organization.invitations_paused_at is not None:
        return f"The report is deleted. The invitations of {organization.name} are still paused."
    return f"The report is deleted. {organization.name} can invite the recipient again."


class InvitationReportView(RecordView, model=InvitationReport):
    identity = "invitation-report"
    name_plural = "Invitation reports"
    description = "Recipients who reported an invitation as unwanted. One row for each recipient."
    menu_group = MenuGroup.CUSTOMERS
    icon = "flag"
    empty_text = "A report appears here when a recipient uses the link in an invitation."
    column_list = (
        "created_at",
        "organization_id",
        "invited_by",
        "reports_so_far",
        "invitation_id",
        "id",
    )
    column_details_list = column_list
    filters = {"organization_id": organization_filter(InvitationReport)}
    staff_actions = (dismiss,)

    def label(self, key: str) -> str:
        return "Reported" if key == "created_at" else super().label(key)

    def heading(self, row: Any) -> str:
        return "Invitation report"

    def confirmation_name(self, row: Any) -> str:
        return "this report"
