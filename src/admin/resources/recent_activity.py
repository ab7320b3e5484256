"""The section "Recent activity" of a detail page: the last audit events of one user or staff member."""

from uuid import UUID

import sqlalchemy as sa

from admin.base_view import RecordView, Section, newest_rows
from admin.formatters import format_time, humanize_name
from kit.audit import AuditEvent


async def recent_activity(view: RecordView, actor_id: UUID) -> Section:
    """The last audit events whose actor is ``actor_id``."""
    events = sa.select(AuditEvent.id, AuditEvent.action, AuditEvent.created_at).where(AuditEvent.actor_id == actor_id)
    found = await view.fetch(newest_rows(events, AuditEvent))
    return Section(
        "Recent activity",
        [
            (f"/admin/audit-event/details/{row.id}", humanize_name(row.action), format_time(row.created_at))
            for row in found
        ],
        f"/admin/audit-event/list?actor_id={actor_id}",
    )
