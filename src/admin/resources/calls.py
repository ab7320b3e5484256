"""Calls in the back office: list, detail page with the events, and the staff action that ends one."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from starlette.requests import Request

from admin.actions.staff_action import ActionContext, staff_action
from admin.base_view import RecordView, Section
from admin.filters import number_prefixes, organization_filter, parse_id, starts_with
from admin.formatters import CALL_STATUS_NAMES, format_number, format_time, humanize_name
from admin.list_view import ListQuery
from admin.menu import MenuGroup
from admin.models import StaffRole
from admin.refusals.refusals_service import explanation_facts, fixed_by_name
from calls.models import LIVE_STATUSES, Call, CallEvent, CallStatus, Direction, ImposedEnd
from calls.refusal_help import explain
from calls.termination import enqueue_end_call
from kit import audit
from kit.e164 import masked
from tenants.models import Organization

_MAX_EVENTS = 100


@staff_action(
    "end",
    "End call",
    role=StaffRole.OPERATOR,
    effect="Both sides are cut off within seconds: the carrier is asked until the call is over. The page can place a "
    "new call.",
    applies=lambda call: call.status in LIVE_STATUSES,
)
async def end(context: ActionContext[Call]) -> str:
    call = context.record
    async with context.tenant_session(call.organization_id) as session:
        await audit.record(
            session,
            context.by,
            "call.cut_off",
            organization_id=call.organization_id,
            subject_id=call.id,
            subject_name=masked(call.to_number),
        )
        # By a job, so that the carrier is asked until the call has ended, even if this process stops.
        await enqueue_end_call(session, call.id, ImposedEnd.BY_STAFF)
    return "The carrier is being asked to end this call. It counts as live until the carrier reports its end."


class CallView(RecordView, model=Call):
    identity = "call"
    name_plural = "Calls"
    description = "Newest first. To filter by status, choose an organization first."
    menu_group = MenuGroup.CALLS
    icon = "phone"
    empty_text = "Calls appear here as soon as they start."
    is_exportable = True
    is_view_audited = True
    has_date_filter = True
    search_label = "Start of the called number, or ID"
    column_list = (
        "to_number",
        "from_number",
        "organization_id",
        "status",
        "duration",
        "started_at",
        "id",
    )
    column_details_list = (
        *column_list,
        "token_id",
        "answered_at",
        "ended_at",
        "end_reason",
        "carrier_error",
        "agent",
        "origin",
        "name",
        "company",
        "url",
        "extension",
        "call_id",
    )
    extra_columns = ("direction", "end_details", "limit_minutes")
    filters = {
        "organization_id": organization_filter(Call),
        "token_id": lambda text: Call.token_id == parse_id(text),
    }
    staff_actions = (end,)

    def filter_options_for(self, request: Request) -> Mapping[str, Sequence[tuple[str, str]]]:
        # The only index with the status begins with the organization.
        if not request.query_params.get("organization_id"):
            return {}
        return {"status": [(str(status), name) for status, name in CALL_STATUS_NAMES.items()]}

    def build_query(self, request: Request, limit: int) -> ListQuery:
        query = super().build_query(request, limit)
        status = request.query_params.get("status")
        if not (status and request.query_params.get("organization_id")):
            return query
        statement = query.statement.where(Call.status == status if status in set(CallStatus) else sa.false())
        # The inner query reads ids from that index alone. For whole rows PostgreSQL would scan the primary key through
        # all organizations' calls.
        ids = statement.with_only_columns(Call.id, maintain_column_froms=True)
        statement = self._select_columns("column_list").where(Call.id.in_(ids)).order_by(Call.id.desc())
        return ListQuery(statement, query.sorted_by, is_filtered=True)

    def search(self, term: str) -> sa.ColumnElement[bool]:
        return sa.or_(sa.false(), *(starts_with(Call.to_number, start) for start in number_prefixes(term)))

    def heading(self, row: Any) -> str:
        return f"Call to {format_number(row.to_number)}"

    def confirmation_name(self, row: Any) -> str:
        return f"the call to {format_number(row.to_number)}"

    def audit_name(self, row: Any) -> str:
        return f"Call to {masked(row.to_number)}"

    def record_state(self, row: Any) -> str:
        return "live" if row.status in LIVE_STATUSES else "over"

    async def sections(self, request: Request, row: Any) -> Sequence[Section]:
        events = sa.select(CallEvent.kind, CallEvent.is_child, CallEvent.occurred_at).where(
            CallEvent.owned_by(row.organization_id), CallEvent.call_record_id == row.id
        )
        found = await self.fetch(
            events.order_by(CallEvent.occurred_at, CallEvent.sequence, CallEvent.id).limit(_MAX_EVENTS)
        )
        return [
            *await self._refusal(row),
            Section(
                "Timeline",
                [
                    (
                        "",
                        f"{humanize_name(event.kind)}, {_side_of_leg(row, event)}'s side",
                        format_time(event.occurred_at),
                    )
                    for event in found
                ],
            ),
        ]

    async def _refusal(self, row: Any) -> Sequence[Section]:
        """The section that explains a refused call, or one that was ended by a limit or by staff."""
        [[organization]] = await self.fetch(sa.select(Organization.name).where(Organization.id == row.organization_id))
        explanation = explain(
            row.end_reason, row.end_details, organization=organization, limit_minutes=row.limit_minutes
        )
        if explanation is None:
            return []
        facts = [
            ("Reason", explanation.refusal.message),
            ("What to do", explanation.help),
            ("Who can fix it", fixed_by_name(explanation, organization)),
            *explanation_facts(explanation, row.to_number),
        ]
        return [
            Section(
                "Why this call was refused or ended",
                [("", label, value) for label, value in facts],
                f"/admin/refusals?organization={row.organization_id}",
            )
        ]


def _side_of_leg(call: Call, event: Any) -> str:
    """The person at the end of the leg that ``event`` reports."""
    if call.direction == Direction.INBOUND:
        return "forwarded phone" if event.is_child else "caller"
    return "called party" if event.is_child else "agent"
