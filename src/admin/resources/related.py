"""Queries for related records on the detail pages of the back office: the newest rows, and an actor's activity."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from admin.base_view import RecordView, Section
from admin.formatters import format_time, humanize_name
from kit.audit import AuditEvent

_RELATED_ROWS = 5


def newest(query: Any, model: Any) -> Any:
    """The newest few rows of ``query``."""
    return query.order_by(model.id.desc()).limit(_RELATED_ROWS)


async def recent_activity(view: RecordView, actor_id: UUID) -> Section:
    """The last audit events of one actor."""
    events = sa.select(AuditEvent.id, AuditEvent.action, AuditEvent.created_at).where(AuditEvent.actor_id == actor_id)
    found = await view.fetch(newest(events, AuditEvent))
    return Section(
        "Recent activity",
        [
            (f"/admin/audit-event/details/{row.id}", humanize_name(row.action), format_time(row.created_at))
            for row in found
        ],
        f"/admin/audit-event/list?actor_id={actor_id}",
    )
