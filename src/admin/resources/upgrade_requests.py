"""Requests for a higher plan, in the back office: list, detail page and the staff actions to approve or decline one."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from markupsafe import Markup
from starlette.requests import Request

from admin.actions.staff_action import ActionContext, Field, staff_action
from admin.base_view import RecordView
from admin.filters import organization_filter
from admin.formatters import EMPTY_VALUE, PLAN_OPTIONS, humanize_name
from admin.menu import MenuGroup
from admin.models import StaffRole
from admin.rules import read_plan
from admin.state_sentences import phones_sentence
from tenants.mails import upgrade_answer_mail
from tenants.members import MemberService
from tenants.models import UpgradeRequest
from tenants.plans import UPGRADE_PLAN, Plan
from tenants.services import OrganizationService
from tenants.upgrade_request_columns import UPGRADE_REQUEST_COLUMNS
from tenants.upgrades import UpgradeRequestService


def _is_open(request: UpgradeRequest) -> bool:
    return request.resolved_at is None


def _decided_text(request: Any) -> str:
    return f"Already done: this request was {request.outcome}"


@staff_action(
    "approve",
    "Approve",
    role=StaffRole.OPERATOR,
    effect="The organization gets the new plan at once, and its owners get a mail.",
    applies=_is_open,
    fields=[Field("plan", "New plan", PLAN_OPTIONS[1:], initial=lambda _: UPGRADE_PLAN.value)],
    is_destructive=False,
    already_done_text=_decided_text,
)
async def approve(context: ActionContext[Any]) -> str:
    request, plan = context.record, read_plan(context.form["plan"])
    phones = await _answer(context, plan)
    return (
        f"Approved for {requester(request)}: {request.organization_name} was on {humanize_name(request.present_plan)} "
        f"and is on the {humanize_name(plan)} plan now. {phones} The owners get a mail."
    )


@staff_action(
    "decline",
    "Decline",
    role=StaffRole.OPERATOR,
    effect="The organization keeps its plan, and its owners get a mail. They can ask again.",
    applies=_is_open,
    already_done_text=_decided_text,
)
async def decline(context: ActionContext[Any]) -> str:
    request = context.record
    await _answer(context, None)
    return (
        f"Declined for {requester(request)}: {request.organization_name} stays on the "
        f"{humanize_name(request.present_plan)} plan. The owners get a mail and can ask again."
    )


async def _answer(context: ActionContext[Any], plan: Plan | None) -> str:
    """Approve the request with ``plan``, or decline it with None, and mail the owners.

    Return the sentence about whether the organization's phones can call now.
    """
    back_office, organization_id = context.back_office, context.record.organization_id
    async with context.tenant_session(organization_id) as session:
        organization = await OrganizationService(session).get(organization_id)
        upgrades = UpgradeRequestService(session)
        await upgrades.resolve(organization_id, context.record.id, new_plan=plan, by=context.by)
        if plan is not None:
            await OrganizationService(session).set_plan(organization.slug, plan, by=context.by)
        for owner in await MemberService(session).list_owners(organization_id):
            mail = upgrade_answer_mail(
                organization, to=owner.email, approved=plan is not None, settings=back_office.settings
            )
            await back_office.mailer.send_after_commit(session, mail)
        return await phones_sentence(session, organization_id)


def requester(request: Any) -> str:
    """The person who asked: name and e-mail."""
    if request.requester_email is None:
        return "a deleted user"
    name, email = request.requester_name, request.requester_email
    return f"{name} ({email})" if name else str(email)


class UpgradeRequestView(RecordView, model=UpgradeRequest):
    identity = "upgrade-request"
    name_plural = "Upgrade requests"
    description = "Owners ask for a bigger plan. They get a mail with the decision."
    menu_group = MenuGroup.MONEY
    icon = "upgrade"
    empty_text = "When an owner asks for a bigger plan, the request appears here and operators get a mail."
    column_list = (
        "created_at",
        "organization_id",
        "requested_by",
        "present_plan",
        "new_plan",
        "outcome",
        "resolved_at",
        "id",
    )
    column_details_list = (
        *column_list,
        "note",
    )
    extra_columns = UPGRADE_REQUEST_COLUMNS
    filters = {
        "organization_id": organization_filter(UpgradeRequest),
        "status": lambda text: UpgradeRequest.resolved_at.is_(None) if text == "waiting" else sa.false(),
    }
    filter_options = {"status": [("waiting", "Open")]}
    staff_actions = (approve, decline)

    def formatters(self) -> Mapping[Any, Any]:
        return {
            "requested_by": _format_requester,
            "present_plan": _format_plan,
            "new_plan": _format_plan,
            "outcome": lambda row, _column, _request: humanize_name(row.outcome or "open"),
        }

    def label(self, key: str) -> str:
        return _LABELS.get(key) or super().label(key)

    def heading(self, row: Any) -> str:
        return f"Upgrade of {row.organization_name}"

    def confirmation_name(self, row: Any) -> str:
        return f"upgrade of {row.organization_name}"

    def confirmation_facts(self, row: Any) -> Sequence[tuple[str, Any]]:
        return (
            ("Organization", row.organization_name),
            ("Asked by", requester(row)),
            ("Plan now", humanize_name(row.present_plan)),
            ("Plan asked for", humanize_name(UPGRADE_PLAN)),
        )

    def record_state(self, row: Any) -> str:
        return f"{row.resolved_at or ''} {row.present_plan}"


_LABELS = {
    "created_at": "Asked",
    "new_plan": "New plan",
    "outcome": "Decision",
    "present_plan": "Plan now",
    "resolved_at": "Decided",
}


def _format_plan(row: Any, column: str, _request: Request) -> str:
    plan = getattr(row, column)
    if column == "new_plan" and _is_open(row):
        # The column is set by the decision; an open request is for this plan.
        plan = UPGRADE_PLAN
    return EMPTY_VALUE if plan is None else humanize_name(plan)


def _format_requester(row: Any, _column: str, _request: Request) -> str | Markup:
    if row.requested_by is None:
        return EMPTY_VALUE
    return Markup('<a href="/admin/user/details/{}"><bdi>{}</bdi></a>').format(row.requested_by, requester(row))
