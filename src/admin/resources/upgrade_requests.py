"""Upgrade requests in the back office: list, detail page and staff actions."""

from typing import Any

import sqlalchemy as sa

from admin.actions.staff_action import ActionContext, Field, staff_action
from admin.base_view import RecordView
from admin.filters import of_organization
from admin.formatters import PLAN_OPTIONS
from admin.models import StaffRole
from admin.rules import read_plan
from tenants.mails import upgrade_answer_mail
from tenants.members import MemberService
from tenants.models import UpgradeRequest
from tenants.plans import Plan
from tenants.services import OrganizationService
from tenants.upgrades import UpgradeRequestService


def _is_open(request: UpgradeRequest) -> bool:
    return request.resolved_at is None


@staff_action(
    "approve",
    "Approve",
    role=StaffRole.OPERATOR,
    effect="The plan changes at once, and the owners get a mail.",
    applies=_is_open,
    fields=[Field("plan", "New plan", PLAN_OPTIONS[1:])],
    is_destructive=False,
)
async def approve(context: ActionContext[UpgradeRequest]) -> str:
    plan = read_plan(context.form["plan"])
    await _answer(context, plan)
    return f"Approved: the plan is {plan.value} now. The owners get a mail."


@staff_action(
    "decline",
    "Decline",
    role=StaffRole.OPERATOR,
    effect="The plan stays, and the owners get a mail. They can ask again.",
    applies=_is_open,
)
async def decline(context: ActionContext[UpgradeRequest]) -> str:
    await _answer(context, None)
    return "Declined. The owners get a mail."


async def _answer(context: ActionContext[UpgradeRequest], plan: Plan | None) -> None:
    """Approve the request with ``plan``, or decline it with None, and mail the owners."""
    back_office, organization_id = context.back_office, context.record.organization_id
    async with context.tenant_session(organization_id) as session:
        organization = await OrganizationService(session).get(organization_id)
        upgrades = UpgradeRequestService(session)
        await upgrades.resolve(organization_id, context.record.id, approved=plan is not None, by=context.by)
        if plan is not None:
            await OrganizationService(session).set_plan(organization.slug, plan, by=context.by)
        for owner in await MemberService(session).list_owners(organization_id):
            mail = upgrade_answer_mail(
                organization, to=owner.email, approved=plan is not None, public_url=back_office.settings.public_url
            )
            await back_office.mailer.send_after_commit(session, mail)


class UpgradeRequestView(RecordView, model=UpgradeRequest):
    identity = "upgrade-request"
    name_plural = "Upgrade requests"
    description = "Owners ask for a bigger plan. They get a mail with the answer."
    icon = "usage"
    column_list = (
        "created_at",
        "organization_id",
        "requested_by",
        "outcome",
        "resolved_at",
        "id",
    )
    column_details_list = (
        *column_list,
        "note",
    )
    filters = {
        "organization_id": of_organization(UpgradeRequest),
        "status": lambda text: UpgradeRequest.resolved_at.is_(None) if text == "waiting" else sa.false(),
    }
    filter_options = {"status": [("waiting", "Waiting")]}
    staff_actions = (approve, decline)

    def heading(self, row: Any) -> str:
        return "Upgrade request"

    def confirmation_name(self, row: Any) -> str:
        return "this request"

    def record_state(self, row: Any) -> str:
        return str(row.resolved_at or "")
