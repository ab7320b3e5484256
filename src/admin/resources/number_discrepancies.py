"""Phone numbers that only the carrier or only our records have, in the back office: list, detail page and the staff
action that releases one at the carrier.
"""

from typing import Any

import sqlalchemy as sa

from admin.actions.staff_action import ActionContext, staff_action
from admin.base_view import RecordView
from admin.filters import number_prefixes, starts_with
from admin.formatters import format_number
from admin.menu import MenuGroup
from admin.models import StaffRole
from phone_numbers.errors import CarrierNotAnswering
from phone_numbers.models import OF_ANOTHER_DEPLOYMENT, UNEXPLAINED, NumberDiscrepancy
from phone_numbers.releases import release_unowned
from phone_numbers.services import NumberDiscrepancyService


@staff_action(
    "release",
    "Release at the carrier",
    role=StaffRole.ADMIN,
    effect=(
        "The carrier takes the number back and may sell it to anybody. Another installation on the same carrier"
        " account may use this number: ask its operator first."
    ),
    applies=lambda discrepancy: discrepancy.reason in (UNEXPLAINED, OF_ANOTHER_DEPLOYMENT),
)
async def release(context: ActionContext[NumberDiscrepancy]) -> str:
    discrepancy = context.record
    async with context.staff_session() as session:
        await NumberDiscrepancyService(session).ensure_not_held(discrepancy)
    if not await release_unowned(context.back_office.carrier, str(discrepancy.carrier_sid)):
        raise CarrierNotAnswering
    async with context.staff_session() as session:
        await NumberDiscrepancyService(session).mark_released(discrepancy, by=context.by)
    return f"{format_number(discrepancy.e164)} is released: our carrier account does not hold it any more."


class NumberDiscrepancyView(RecordView, model=NumberDiscrepancy):
    identity = "number-difference"
    name_plural = "Number reconciliation"
    description = "Phone numbers held only at the carrier, or only in our records. Staff decide about each."
    menu_group = MenuGroup.CARRIER
    icon = "keypad-compare"
    empty_text = "Numbers that are only at the carrier or only in our records appear here."
    search_label = "Start of a number, or ID"
    column_list = ("e164", "reason", "carrier_sid", "last_seen_at", "created_at", "id")
    column_details_list = column_list
    staff_actions = (release,)

    def search(self, term: str) -> sa.ColumnElement[bool]:
        return sa.or_(sa.false(), *(starts_with(NumberDiscrepancy.e164, start) for start in number_prefixes(term)))

    def heading(self, row: Any) -> str:
        return format_number(row.e164)

    def confirmation_name(self, row: Any) -> str:
        return str(row.e164)

    def record_state(self, row: Any) -> str:
        return str(row.reason)
