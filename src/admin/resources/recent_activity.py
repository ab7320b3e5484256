"""What somebody did last, for the page about them."""

from uuid import UUID

import sqlalchemy as sa

from admin.base_view import Listing, Section
from admin.filters import latest
from admin.formatters import moment, words
from kit.audit import AuditEvent


async def acts_of(view: Listing, actor_id: UUID) -> Section:
    """The last lines of the trail with ``actor_id`` as the one who did it."""
    mine = sa.select(AuditEvent.id, AuditEvent.action, AuditEvent.created_at).where(AuditEvent.actor_id == actor_id)
    found = await view.ask(latest(mine, AuditEvent))
    return Section(
        "What they did",
        [(f"/admin/audit-event/details/{row.id}", words(row.action), moment(row.created_at)) for row in found],
        f"/admin/audit-event/list?actor_id={actor_id}",
    )
