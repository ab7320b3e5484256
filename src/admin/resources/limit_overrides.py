"""Limit overrides in the back office: list, detail page and the staff action that ends one."""

from collections.abc import Mapping, Sequence
from typing import Any

from admin.actions.staff_action import ActionContext, staff_action
from admin.base_view import RecordView
from admin.filters import organization_filter
from admin.formatters import format_limit, limit_name
from admin.limit_state import labelled_limit_state, limit_state, read_rules, with_override
from admin.menu import MenuGroup
from admin.models import StaffRole
from admin.state_sentences import organization_name
from calls.limits.models import LimitOverride
from calls.limits.overrides import LimitOverrideService
from kit.clock import utc_now


async def _preview_end(context: ActionContext[LimitOverride]) -> Sequence[str]:
    override = context.record
    rules = await read_rules(context, override.organization_id)
    after = limit_state(rules, override.name, with_override(rules.sources, override.name, None))
    return [f"Now: {limit_state(rules, override.name)}.", f"After the change: {after}."]


@staff_action(
    "end",
    "End now",
    role=StaffRole.OPERATOR,
    effect="The plan's limit holds again from the next call. Live calls go on.",
    applies=lambda override: override.ends_at > utc_now(),
    preview=_preview_end,
)
async def end(context: ActionContext[LimitOverride]) -> str:
    override = context.record
    async with context.staff_session() as session:
        await LimitOverrideService(session).end(override.id, by=context.by)
        organization = await organization_name(session, override.organization_id)
    state = labelled_limit_state(await read_rules(context, override.organization_id), override.name, organization)
    return f"The override has ended. {state}"


class LimitOverrideView(RecordView, model=LimitOverride):
    identity = "limit-override"
    name_plural = "Limit overrides"
    description = "Limits that staff set until a date, instead of the plan's. Ended overrides stay listed."
    menu_group = MenuGroup.MONEY
    icon = "limit"
    empty_text = "Override a limit on the page of an organization; it appears here."
    column_list = (
        "name",
        "organization_id",
        "value",
        "ends_at",
        "set_by",
        "id",
    )
    column_details_list = (
        *column_list,
        "reason",
        "created_at",
    )
    filters = {"organization_id": organization_filter(LimitOverride)}
    staff_actions = (end,)

    def formatters(self) -> Mapping[Any, Any]:
        return {
            "name": lambda row, _column, _request: limit_name(row.name),
            "value": lambda row, _column, _request: format_limit(row.name, row.value),
        }

    def heading(self, row: Any) -> str:
        return limit_name(row.name)

    def record_state(self, row: Any) -> str:
        return f"{row.value} {row.ends_at}"
