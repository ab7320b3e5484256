"""Numbers committed events, by organization in the order of their commits, and stores their rendered bodies.

Events whose numbering fails, as when a subscriber raises, keep waiting together with the later ones of their
organization, and are tried again; those of other organizations go on. See docs/decisions/0293.
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
from events.numbering_backoff import NumberingBackoff
from events.schemas import EventInfo
from kit.db.database import Database
from kit.db.outage import concerns_one_row, is_outage
from kit.db.raw import CompiledStatement
from kit.failures import FAILURES
from kit.schemas import rfc3339

POLL_SECONDS = 0.25
BATCH_EVENTS = 500
# One process at a time, because two could number the events of one organization in another order than they happened.
# The lock is not taken while nothing waits.
_TO_NUMBER = sa.and_(
    EVENT_OUTBOX.c.id != sa.all_(sa.bindparam("skipped", type_=sa.ARRAY(sa.BigInteger))),
    EVENT_OUTBOX.c.organization != sa.all_(sa.bindparam("held", type_=sa.ARRAY(sa.Uuid()))),
)
_CLAIM = sa.select(sa.func.pg_try_advisory_xact_lock(sa.func.hashtext("events.sequencer"))).where(
    sa.exists().where(_TO_NUMBER)
)
_IS_WAITING = CompiledStatement(sa.select(sa.literal(1)).where(_TO_NUMBER).limit(1))
_OLDEST = sa.select(EVENT_OUTBOX).where(_TO_NUMBER).order_by(EVENT_OUTBOX.c.id).limit(BATCH_EVENTS)
Render = Callable[[Mapping[str, Any]], msgspec.Struct]
"""Makes the API's data from a row of a table, as PostgreSQL writes it in JSON."""
Subscriber = Callable[[AsyncSession, Sequence[OrganizationEvent]], Awaitable[None]]
"""Is given the numbered events in the transaction that stores them: all of a batch, or those of one organization."""
_Rendered = tuple[Any, EventType, dict[str, Any]]
"""A row of the outbox, with the type and data of its event."""
log = structlog.get_logger("epoch.events")


class EventSequencer:
    """Numbers events in the background of each process that runs jobs. Made once at start."""

    def __init__(
        self, database: Database, renderers: Mapping[str, Render], subscribers: Sequence[Subscriber] = ()
    ) -> None:
        """``database`` must see all rows; ``renderers`` has one for each ``source`` of an event."""
        self._database = database
        self._renderers = renderers
        self._subscribers = subscribers
        self._skipped: set[int] = set()
        """Events that this version cannot render: they stay without a number until another one starts."""
        self._backoff = NumberingBackoff()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to number events, in the server's event loop."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop at once: a transaction under way is rolled back, and any process numbers its events again."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            self._task = None

    async def run_once(self) -> int:
        """Number the events that wait; return how many. 0 while another process does it."""
        total = 0
        while count := await self._number_batch():
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

    async def _number_batch(self) -> int:
        left_out = {"skipped": list(self._skipped), "held": self._backoff.waiting()}
        if not await self._database.has_row(_IS_WAITING, **left_out):
            return 0
        async with self._database.sessions() as session, session.begin():
            if not await session.scalar(_CLAIM, left_out):
                return 0
            # Rendered before they get numbers, so that one that cannot be rendered leaves no gap.
            rows = self._rendered((await session.execute(_OLDEST, left_out)).all())
            if await self._number(session, rows):
                return len(rows)
            by_organization = defaultdict[UUID, list[_Rendered]](list)
            for row in rows:
                by_organization[row[0].organization].append(row)
            numbered = 0
            for organization_id, own in by_organization.items():
                if await self._number(session, own):
                    numbered += len(own)
                else:
                    seconds = self._backoff.record_failure(organization_id)
                    log.error("events_held_back", organization_id=str(organization_id), seconds=seconds)
        return numbered

    async def _number(self, session: AsyncSession, rows: Sequence[_Rendered]) -> bool:
        """Number ``rows`` and give them to the subscribers; False, and nothing has changed, when that fails.

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
        """The first of ``counts`` consecutive numbers of each organization."""
        if not counts:
            return {}
        # In the order of ids, as every transaction that locks more than one of these rows.
        statement = insert(EventCounter).values(
            [
                {"id": uuid7(), "organization": organization, "last_sequence": counts[organization]}
                for organization in sorted(counts)
            ]
        )
        last = statement.excluded.last_sequence
        reserve = statement.on_conflict_do_update(
            index_elements=["organization"], set_={"last_sequence": EventCounter.last_sequence + last}
        ).returning(EventCounter.organization, EventCounter.last_sequence)
        rows = await session.execute(reserve)
        return {row.organization: row.last_sequence - counts[row.organization] + 1 for row in rows}

    def _rendered(self, rows: Sequence[Any]) -> list[_Rendered]:
        """Each row with the type and data of its event; one that cannot be rendered is skipped, and reported once."""
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
