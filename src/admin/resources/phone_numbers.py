"""Phone numbers in the back office: list, detail page and the staff action that releases one."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from admin.actions.staff_action import ActionContext, staff_action
from admin.base_view import RecordView
from admin.filters import number_prefixes, organization_filter, starts_with
from admin.formatters import format_number
from admin.menu import MenuGroup
from admin.models import StaffRole
from admin.state_sentences import numbers_sentence
from tenants.models import PhoneNumber


@staff_action(
    "release",
    "Release",
    role=StaffRole.OPERATOR,
    effect="The carrier takes the number back and may sell it to anybody. Call records keep the number.",
    applies=lambda number: number.released_at is None,
)
async def release(context: ActionContext[PhoneNumber]) -> str:
    number, releaser = context.record, context.back_office.number_provisioning.releaser
    await releaser.release(number.organization_id, number.id, by=context.by)
    async with context.tenant_session(number.organization_id) as session:
        numbers = await numbers_sentence(session, number.organization_id)
    return f"{format_number(number.e164)} is released. {numbers}"


class PhoneNumberView(RecordView, model=PhoneNumber):
    identity = "phone-number"
    name_plural = "Phone numbers"
    description = "Numbers that organizations use now or have released."
    menu_group = MenuGroup.CALLS
    icon = "keypad"
    empty_text = "Numbers appear here when customers get them."
    is_exportable = True
    search_label = "Start of a number, or ID"
    column_list = (
        "e164",
        "organization_id",
        "releasing_at",
        "released_at",
        "created_at",
        "id",
    )
    column_details_list = column_list
    filters = {"organization_id": organization_filter(PhoneNumber)}
    staff_actions = (release,)

    def search(self, term: str) -> sa.ColumnElement[bool]:
        return sa.or_(sa.false(), *(starts_with(PhoneNumber.e164, start) for start in number_prefixes(term)))

    def links(self, row: Any) -> Sequence[tuple[str, str]]:
        return [(f"/admin/refusals?organization={row.organization_id}", "Why was this refused")]

    def heading(self, row: Any) -> str:
        return format_number(row.e164)

    def confirmation_name(self, row: Any) -> str:
        return str(row.e164)

    def record_state(self, row: Any) -> str:
        return str(row.released_at or "")
