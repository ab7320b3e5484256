"""Events of calls that we do not know (yet): kept without an owner, given to their calls by a job."""

from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from calls.call_state import LegEvent
from calls.limits.limit_alerts import LimitAlerts
from calls.models import Call, UnmatchedEvent
from calls.services import CallService
from kit.db.database import Database

MAX_EVENTS_PER_RUN = 500
"""Of one run; the next goes on."""


async def keep_orphan(session: AsyncSession, parent_sid: str, leg_sid: str, event: LegEvent) -> None:
    """Keep ``event`` of a call that nobody knows, once however often it is told."""
    values = {"id": uuid7(), "parent_sid": parent_sid, "leg_sid": leg_sid, **msgspec.structs.asdict(event)}
    await session.execute(insert(UnmatchedEvent).values(values).on_conflict_do_nothing())


async def link_orphans(jobs: Database, database: Database, watch: LimitAlerts | None) -> int:
    """Record the events whose calls there are by now; return how many. ``jobs`` must see all rows."""
    query = (
        sa.select(Call.organization_id, UnmatchedEvent)
        .join(Call, Call.carrier_sid == UnmatchedEvent.parent_sid)
        .order_by(UnmatchedEvent.id)
        .limit(MAX_EVENTS_PER_RUN)
    )
    async with jobs.sessions() as session:
        found = list(await session.execute(query))
    for owner, orphan in found:
        await _link(jobs, database, owner, orphan, watch)
    return len(found)


async def _link(
    jobs: Database, database: Database, owner: UUID, orphan: UnmatchedEvent, watch: LimitAlerts | None
) -> None:
    event = LegEvent(
        is_child=orphan.is_child,
        kind=orphan.kind,
        sequence=orphan.sequence,
        occurred_at=orphan.occurred_at,
        duration=orphan.duration,
        sip_code=orphan.sip_code,
    )
    async with database.tenant_session(owner) as session:
        await CallService(session).record_event(owner, orphan.parent_sid, orphan.leg_sid, event, watch=watch)
    # Dropped afterwards: a worker that dies in between leaves an event that is recorded a second time, as the same one.
    async with jobs.sessions() as session, session.begin():
        await session.execute(sa.delete(UnmatchedEvent).where(UnmatchedEvent.id == orphan.id))
