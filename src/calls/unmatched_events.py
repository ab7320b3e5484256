"""Stores events of calls that are not on record, and records them once their call is."""

from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from calls.call_state import LegEvent
from calls.limits.alert_mails import AlertMailer
from calls.models import Call, UnmatchedEvent
from calls.services import CallService
from kit.db.database import Database

MAX_EVENTS_PER_RUN = 500
"""The next run records the rest."""


class UnmatchedEventService:
    """Events whose call is not on record."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def store(self, parent_sid: str, leg_sid: str, event: LegEvent) -> None:
        """Store an event, once however often it is reported."""
        values = {"id": uuid7(), "parent_sid": parent_sid, "leg_sid": leg_sid, **msgspec.structs.asdict(event)}
        await self._session.execute(insert(UnmatchedEvent).values(values).on_conflict_do_nothing())


class UnmatchedEventMatcher:
    """Records events whose call has appeared; ``job_database`` must see all rows. Made once at start."""

    def __init__(self, job_database: Database, database: Database, alert_mailer: AlertMailer | None) -> None:
        self._job_database = job_database
        self._database = database
        self._alert_mailer = alert_mailer

    async def run(self) -> int:
        """Record the events whose call is on record by now; return their number."""
        query = (
            sa.select(Call.organization_id, UnmatchedEvent)
            .join(Call, Call.carrier_sid == UnmatchedEvent.parent_sid)
            .order_by(UnmatchedEvent.id)
            .limit(MAX_EVENTS_PER_RUN)
        )
        async with self._job_database.sessions() as session:
            matched = list(await session.execute(query))
        for organization_id, unmatched in matched:
            await self._record(organization_id, unmatched)
        return len(matched)

    async def _record(self, organization_id: UUID, unmatched: UnmatchedEvent) -> None:
        event = LegEvent(
            is_child=unmatched.is_child,
            kind=unmatched.kind,
            sequence=unmatched.sequence,
            occurred_at=unmatched.occurred_at,
            duration=unmatched.duration,
            sip_code=unmatched.sip_code,
            dial_status=unmatched.dial_status,
            error_code=unmatched.error_code,
        )
        async with self._database.tenant_session(organization_id) as session:
            calls = CallService(session, alert_mailer=self._alert_mailer)
            await calls.record_event(organization_id, unmatched.parent_sid, unmatched.leg_sid, event)
        # A second transaction: if the worker dies before it, the event is recorded again, which changes nothing.
        async with self._job_database.sessions() as session, session.begin():
            await session.execute(sa.delete(UnmatchedEvent).where(UnmatchedEvent.id == unmatched.id))
