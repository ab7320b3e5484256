"""Alerts (signs of fraud, limits nearly used up) in the back office: list, detail page, and action to mark as seen."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from markupsafe import Markup
from starlette.requests import Request

from admin.actions.staff_action import ActionContext, staff_action
from admin.base_view import RecordView
from admin.filters import organization_filter
from admin.formatters import ALERT_NAMES, format_count, limit_name, name_in
from admin.menu import MenuGroup
from admin.models import StaffRole
from admin.state_sentences import organization_name
from calls.limits.limit_alerts import AlertService
from calls.limits.models import Alert


@staff_action(
    "seen",
    "Mark as seen",
    role=StaffRole.OPERATOR,
    effect="The alert leaves the operations page. Limits and calls do not change; the next period can raise it again.",
    applies=lambda alert: alert.resolved_at is None,
    is_destructive=False,
    bulk_result="marked as seen",
)
async def mark_as_seen(context: ActionContext[Alert]) -> str:
    alert = context.record
    async with context.staff_session() as session:
        await AlertService(session).resolve(alert.id, by=context.by)
        still_open = sa.select(sa.func.count()).where(
            Alert.owned_by(alert.organization_id), Alert.resolved_at.is_(None)
        )
        count = await session.scalar(still_open) or 0
        name = await organization_name(session, alert.organization_id)
    return f"This alert is marked as seen. {name} has {format_count(count, 'open alert')} now."


class AlertView(RecordView, model=Alert):
    identity = "alert"
    name_plural = "Alerts"
    description = "Signs of fraud, and limits that are nearly used up."
    menu_group = MenuGroup.MONEY
    icon = "alert"
    empty_text = "Fraud alerts and nearly used-up limits appear here."
    column_list = (
        "kind",
        "organization_id",
        "subject",
        "window_start",
        "resolved_at",
        "id",
    )
    column_details_list = (
        *column_list,
        "resolved_by",
        "details",
        "created_at",
    )
    filters = {
        "organization_id": organization_filter(Alert),
        "status": lambda text: Alert.resolved_at.is_(None) if text == "open" else sa.false(),
    }
    filter_options = {"status": [("open", "Open")]}
    staff_actions = (mark_as_seen,)

    def formatters(self) -> Mapping[Any, Any]:
        return {
            "kind": lambda row, _column, _request: name_in(ALERT_NAMES, row.kind),
            "subject": _format_subject,
        }

    def label(self, key: str) -> str:
        return {"resolved_at": "Seen", "created_at": "When", "kind": "Alert"}.get(key) or super().label(key)

    def heading(self, row: Any) -> str:
        return name_in(ALERT_NAMES, row.kind)

    def record_state(self, row: Any) -> str:
        return str(row.resolved_at or "")


def _format_subject(row: Any, _column: str, _request: Request) -> str | Markup:
    name, _, token_id = row.subject.partition(":")
    if not token_id:
        return limit_name(name)
    return Markup('{}, <a href="/admin/embed-token/details/{}">of one token</a>').format(limit_name(name), token_id)
