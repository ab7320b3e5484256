"""Assigns sequence numbers to committed events, stores the events, and passes them to subscribers, such as webhooks.

Numbers are per organization, in the order of commits. If that fails for events of one organization, for example because
a subscriber raises an error, all its events wait and are tried again; events of other organizations do not wait. See
docs/decisions/0293.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
import structlog
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from events.event_types import EventType
from events.models import EVENT_OUTBOX, EventCounter, OrganizationEvent
from events.schemas import EventInfo
from events.sequencing_backoff import SequencingBackoff
from kit.db.database import Database
from kit.db.outage import concerns_one_row, is_outage
from kit.db.raw import CompiledStatement
from kit.failures import FAILURES
from kit.schemas import rfc3339

POLL_SECONDS = 0.25
BATCH_EVENTS = 500
_IS_SEQUENCEABLE = sa.and_(
    EVENT_OUTBOX.c.id != sa.all_(sa.bindparam("skipped", type_=sa.ARRAY(sa.BigInteger))),
    EVENT_OUTBOX.c.organization != sa.all_(sa.bindparam("postponed", type_=sa.ARRAY(sa.Uuid()))),
)
# One process at a time, because two processes could assign the numbers of an organization in another order than that of
# the commits. The lock is not taken while no event waits.
_LOCK = sa.select(sa.func.pg_try_advisory_xact_lock(sa.func.hashtext("events.sequencer"))).where(
    sa.exists().where(_IS_SEQUENCEABLE)
)
_IS_ANY_WAITING = CompiledStatement(sa.select(sa.literal(1)).where(_IS_SEQUENCEABLE).limit(1))
_OLDEST = sa.select(EVENT_OUTBOX).where(_IS_SEQUENCEABLE).order_by(EVENT_OUTBOX.c.id).limit(BATCH_EVENTS)
Renderer = Callable[[Mapping[str, Any]], msgspec.Struct]
"""Converts a row of a table, as PostgreSQL's JSON, to the data of the API."""
Subscriber = Callable[[AsyncSession, Sequence[OrganizationEvent]], Awaitable[None]]
"""Gets events in the transaction that stores them: all events of a batch, or those of one organization."""
_Rendered = tuple[Any, EventType, dict[str, Any]]
"""A row of the outbox, with the type and data of its event."""
log = structlog.get_logger("epoch.events")


class EventSequencer:
    """Assigns sequence numbers in the background of each process that runs jobs. Made once at start."""

    def __init__(
        self, database: Database, renderers: Mapping[str, Renderer], subscribers: Sequence[Subscriber] = ()
    ) -> None:
        """``database`` must see all rows; ``renderers`` has one for each ``source`` of an event."""
        self._database = database
        self._renderers = renderers
        self._subscribers = subscribers
        self._skipped: set[int] = set()
        """Ids of events that this version cannot render: they wait until a process of another version starts."""
        self._backoff = SequencingBackoff()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start in the server's event loop."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop at once: a transaction in progress is rolled back, and another process can process its events."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            self._task = None

    async def run_once(self) -> int:
        """Assign numbers to the waiting events; return their count. 0 while another process does so."""
        total = 0
        while count := await self._sequence_batch():
            total += count
            if count < BATCH_EVENTS:
                break
        return total

    async def _run(self) -> None:
        while True:
            try:
                await self.run_once()
            except Exception as error:
                if is_outage(error):
                    log.warning("events_wait_for_database", error=type(error).__name__)
                else:
                    FAILURES.report(error, where="events.sequencer")
            await asyncio.sleep(POLL_SECONDS)

    async def _sequence_batch(self) -> int:
        excluded = {"skipped": list(self._skipped), "postponed": self._backoff.waiting()}
        if not await self._database.has_row(_IS_ANY_WAITING, **excluded):
            return 0
        async with self._database.sessions() as session, session.begin():
            if not await session.scalar(_LOCK, excluded):
                return 0
            # Rendered before they get numbers, so that an event that cannot be rendered leaves no gap.
            rows = self._render((await session.execute(_OLDEST, excluded)).all())
            if await self._try_store(session, rows):
                return len(rows)
            by_organization = defaultdict[UUID, list[_Rendered]](list)
            for row in rows:
                by_organization[row[0].organization].append(row)
            stored = 0
            for organization_id, organization_rows in by_organization.items():
                if await self._try_store(session, organization_rows):
                    stored += len(organization_rows)
                else:
                    seconds = self._backoff.record_failure(organization_id)
                    log.error("events_held_back", organization_id=str(organization_id), seconds=seconds)
        return stored

    async def _try_store(self, session: AsyncSession, rows: Sequence[_Rendered]) -> bool:
        """Store ``rows`` with sequence numbers and call the subscribers; False, without any change, when that fails.

        Raises: an error of the database that concerns all organizations.
        """
        try:
            async with session.begin_nested():
                await self._store(session, rows)
        except Exception as error:
            if is_outage(error) and not concerns_one_row(error):
                raise
            FAILURES.report(error, where="events.sequencer")
            return False
        self._backoff.reset({row.organization for row, _, _ in rows})
        return True

    async def _store(self, session: AsyncSession, rows: Sequence[_Rendered]) -> None:
        next_numbers = await self._reserve(session, Counter(row.organization for row, _, _ in rows))
        events = []
        for row, event_type, data in rows:
            sequence = next_numbers[row.organization]
            next_numbers[row.organization] += 1
            events.append(_event(row, event_type, data, sequence))
        session.add_all(events)
        await session.flush()
        await session.execute(sa.delete(EVENT_OUTBOX).where(EVENT_OUTBOX.c.id.in_([row.id for row, _, _ in rows])))
        for subscriber in self._subscribers:
            await subscriber(session, events)

    async def _reserve(self, session: AsyncSession, counts: Mapping[UUID, int]) -> dict[UUID, int]:
        """Reserve ``counts`` consecutive sequence numbers per organization; return the first number of each."""
        if not counts:
            return {}
        # In the order of ids, so that two transactions that lock several of these rows cannot deadlock.
        statement = insert(EventCounter).values(
            [
                {"id": uuid7(), "organization": organization, "last_sequence": counts[organization]}
                for organization in sorted(counts)
            ]
        )
        count = statement.excluded.last_sequence
        reserve = statement.on_conflict_do_update(
            index_elements=["organization"], set_={"last_sequence": EventCounter.last_sequence + count}
        ).returning(EventCounter.organization, EventCounter.last_sequence)
        rows = await session.execute(reserve)
        return {row.organization: row.last_sequence - counts[row.organization] + 1 for row in rows}

    def _render(self, rows: Sequence[Any]) -> list[_Rendered]:
        """Each row with the type and data of its event; a row that cannot be rendered is skipped and reported once."""
        rendered = []
        for row in rows:
            try:
                data = row.content if row.source is None else self._renderers[row.source](row.content)
                rendered.append((row, EventType(row.type), msgspec.to_builtins(data)))
            except Exception as error:
                self._skipped.add(row.id)
                FAILURES.report(error, where="events.sequencer")
                log.error("event_skipped", type=row.type, outbox_id=row.id)
        return rendered


def _event(row: Any, event_type: EventType, data: dict[str, Any], sequence: int) -> OrganizationEvent:
    info = EventInfo(
        id=uuid7(),
        type=event_type,
        created_at=rfc3339(row.created_at),
        sequence=sequence,
        organization_id=row.organization,
        data=data,
    )
    return OrganizationEvent(
        id=info.id,
        organization_id=row.organization,
        sequence=sequence,
        type=info.type,
        subject_id=row.subject_id,
        body=msgspec.json.encode(info).decode(),
        created_at=row.created_at,
    )
