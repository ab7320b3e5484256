"""Work that follows a commit: written down in the transaction of its cause, done in the background until it succeeds.

A row stands for one piece of work of one kind; each kind has a lane that says how it is done. Whoever claims a row puts
it off by a lease instead of holding it locked: no transaction is open while the outside world is asked, and what a
worker had claimed when it died is due again once the lease is over. Work is therefore done at least once, and twice
only when a worker dies between doing it and saying so.
"""

import asyncio
import contextlib
import datetime as dt
from collections.abc import Awaitable, Callable
from uuid import UUID

import msgspec
import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from kit.clock import utc_now
from kit.db.database import Database, is_outage
from kit.db.model import Base
from kit.encryption import Encryptor

POLL_SECONDS = 2
"""How often a lane looks for work that nobody woke it for: retries, and what another process wrote."""
DRAIN_SECONDS = 5
"""How long a stopping worker still does what is due; the rest waits for the next one."""
LEASE_BEYOND = dt.timedelta(seconds=15)
"""What a lease lasts longer than the work may take, unless the lane says otherwise."""
log = structlog.get_logger("epoch.outbox")


class OutboxItem(Base):
    """One piece of work; it is deleted when it is done."""

    __tablename__ = "outbox"
    __table_args__ = (
        sa.Index("ix_outbox_due", "kind", "due_at", "id", postgresql_where=sa.text("given_up_at IS NULL")),
        sa.Index("ix_outbox_subject", "subject", postgresql_where=sa.text("subject IS NOT NULL")),
    )
    # Requests may write here and not read: no INSERT may ask for what the database filled in.
    __mapper_args__ = {"eager_defaults": False}  # noqa: RUF012 - SQLAlchemy's own form

    kind: Mapped[str]
    subject: Mapped[UUID | None]
    """The row that the work is about, where that says all."""
    body: Mapped[str | None]
    """Sealed with the product's key; None where the subject says all, and once it was given up."""
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    due_at: Mapped[dt.datetime]
    given_up_at: Mapped[dt.datetime | None]
    failure: Mapped[str | None]
    """What kind of thing went wrong last, never its text: that may repeat an address."""


class Item(msgspec.Struct, frozen=True):
    """A claimed piece of work."""

    id: UUID
    body: bytes
    attempt: int
    """1 for the first."""
    written_at: dt.datetime
    subject: UUID | None = None


class Lane(msgspec.Struct, frozen=True, kw_only=True):
    """How work of one kind is done, ``at_once`` pieces of it by each worker; lanes do not wait for each other."""

    kind: str
    handle: Callable[[Item], Awaitable[None]]
    """Does it. Whatever it raises puts the work off; ``Hopeless`` ends it. It must bear being done twice."""
    handle_seconds: float
    """When an attempt is cut off."""
    retry_seconds: tuple[float, ...]
    """The waits between attempts; the last one repeats."""
    give_up_after: dt.timedelta
    at_once: int = 1
    lease_beyond: dt.timedelta = LEASE_BEYOND
    """What a lease lasts longer than ``handle_seconds``: how long the work of a killed worker waits at most."""


class Hopeless(Exception):
    """The work can never succeed; the message says why, without names, numbers or addresses."""


class _Claimed(msgspec.Struct, frozen=True):
    """A row, and which attempt at it is ours."""

    id: UUID
    sealed: str | None
    subject: UUID | None
    attempt: int
    written_at: dt.datetime


class Backlog(msgspec.Struct, frozen=True):
    """What waits of one kind of work."""

    kind: str
    waiting: int
    failing: int
    """Those that were tried in vain."""
    oldest: dt.datetime
    """Since when the first of them waits."""


class Outbox:
    """Takes work with a session's commit; does it inside ``start`` and ``stop``, in every worker."""

    def __init__(self, database: Database, secret: str, *, clock: Callable[[], dt.datetime] = utc_now) -> None:
        """``database`` does the work and must see every row; a session that puts work in may be anybody's."""
        self._database = database
        self._sealer = Encryptor(secret, "outbox")
        self._clock = clock
        self._lanes: dict[str, Lane] = {}
        self._awake = database.awake
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False

    def add_lane(self, lane: Lane) -> None:
        """Say how one kind of work is done, before ``start``."""
        self._lanes[lane.kind] = lane
        self._awake[lane.kind] = asyncio.Event()

    def put(self, session: AsyncSession, kind: str, body: bytes) -> None:
        """Add work to the transaction under way: it is done if, and as soon as, that is committed."""
        now = self._clock()
        sealed = self._sealer.encrypt(body)
        session.add(OutboxItem(kind=kind, body=sealed, due_at=now, created_at=now))
        _wake_after_commit(session, kind, self._awake)

    def start(self) -> None:
        """Begin to work, inside the serving loop."""
        self._tasks = [asyncio.create_task(self._run(lane)) for lane in self._lanes.values()]

    async def stop(self) -> None:
        """Do what is due, for a few seconds, and stop."""
        self._stopping = True
        for awake in self._awake.values():
            awake.set()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=DRAIN_SECONDS)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def work_off(self, kind: str) -> int:
        """Do all work of ``kind`` that is due, once; return how much of it succeeded."""
        lane, done = self._lanes[kind], 0

        async def work(claimed: _Claimed | None) -> None:
            nonlocal done
            while claimed is not None:
                # Not in one expression: it would be read before the wait and written after it.
                succeeded = await self._attempt(lane, claimed)
                done += succeeded
                claimed = await self._claim(lane)

        async def help_out() -> None:
            await work(await self._claim(lane))

        # Whoever looks in vain looks alone.
        if (first := await self._claim(lane)) is not None:
            async with asyncio.TaskGroup() as group:
                group.create_task(work(first))
                for _ in range(lane.at_once - 1):
                    group.create_task(help_out())
        return done

    async def _run(self, lane: Lane) -> None:
        awake = self._awake[lane.kind]
        while True:
            awake.clear()
            is_last = self._stopping
            try:
                await self.work_off(lane.kind)
            except Exception as error:
                if is_outage(error):
                    log.warning("outbox_put_off", kind=lane.kind, error=type(error).__name__)
                else:
                    log.error("outbox_failed", kind=lane.kind, exc_info=error)
            if is_last:
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await awake.wait()

    async def _claim(self, lane: Lane) -> _Claimed | None:
        """The next due piece of work, for this process alone until the lease is over."""
        now = self._clock()
        next_due = (
            sa.select(OutboxItem.id)
            .where(OutboxItem.kind == lane.kind, OutboxItem.given_up_at.is_(None), OutboxItem.due_at <= now)
            .order_by(OutboxItem.due_at, OutboxItem.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        lease = dt.timedelta(seconds=lane.handle_seconds) + lane.lease_beyond
        claim = (
            sa.update(OutboxItem)
            .where(OutboxItem.id == next_due.scalar_subquery())
            .values(attempts=OutboxItem.attempts + 1, due_at=now + lease)
            .returning(OutboxItem.id, OutboxItem.body, OutboxItem.subject, OutboxItem.attempts, OutboxItem.created_at)
        )
        async with self._database.sessions() as session, session.begin():
            row = (await session.execute(claim)).one_or_none()
        if row is None:
            return None
        return _Claimed(*row)

    async def _attempt(self, lane: Lane, item: _Claimed) -> bool:
        try:
            async with asyncio.timeout(lane.handle_seconds):
                await lane.handle(self._opened(item))
        except Hopeless as error:
            await self._give_up(lane, item.id, item.attempt, str(error))
        except Exception as error:
            failure = type(error).__name__
            if self._clock() - item.written_at > lane.give_up_after:
                await self._give_up(lane, item.id, item.attempt, failure)
            else:
                log.warning("outbox_work_put_off", kind=lane.kind, item=str(item.id), error=failure)
                wait = lane.retry_seconds[min(item.attempt, len(lane.retry_seconds)) - 1]
                due_at = self._clock() + dt.timedelta(seconds=wait)
                await self._change(item.id, item.attempt, due_at=due_at, failure=failure)
        else:
            async with self._database.sessions() as session, session.begin():
                await session.execute(sa.delete(OutboxItem).where(*_mine(item.id, item.attempt)))
            return True
        return False

    def _opened(self, item: _Claimed) -> Item:
        body = b"" if item.sealed is None else self._sealer.decrypt(item.sealed, seconds=None)
        if body is None:
            raise Hopeless("sealed with another EPOCH_SECRET_KEY")
        return Item(id=item.id, body=body, attempt=item.attempt, written_at=item.written_at, subject=item.subject)

    async def _give_up(self, lane: Lane, item_id: UUID, attempt: int, failure: str) -> None:
        log.error("outbox_given_up", kind=lane.kind, item=str(item_id), attempts=attempt, error=failure)
        await self._change(item_id, attempt, body=None, given_up_at=self._clock(), failure=failure)

    async def _change(self, item_id: UUID, attempt: int, **values: object) -> None:
        async with self._database.sessions() as session, session.begin():
            await session.execute(sa.update(OutboxItem).where(*_mine(item_id, attempt)).values(values))


def follow_up(session: AsyncSession, kind: str, subject: UUID, *, after: dt.timedelta = dt.timedelta()) -> None:
    """Add work about the row ``subject`` to the transaction under way; whoever writes it need not know who does it.

    It is done as soon as that is committed and ``after`` is over.
    """
    now = utc_now()
    session.add(OutboxItem(kind=kind, subject=subject, due_at=now + after, created_at=now))
    _wake_after_commit(session, kind, session.info.get("awake", {}))


async def backlog(session: AsyncSession, *, most: int) -> list[Backlog]:
    """What waits, by kind; at most ``most`` pieces are counted."""
    due = (
        sa.select(OutboxItem.kind, OutboxItem.failure, OutboxItem.created_at)
        .where(OutboxItem.given_up_at.is_(None))
        .limit(most)
        .subquery()
    )
    failing = sa.func.count(due.c.failure)
    query = sa.select(due.c.kind, sa.func.count(), failing, sa.func.min(due.c.created_at)).group_by(due.c.kind)
    return [Backlog(*row) for row in await session.execute(query.order_by(due.c.kind))]


def _wake_after_commit(session: AsyncSession, kind: str, awake: dict[str, asyncio.Event]) -> None:
    woken: set[str] = session.info.setdefault("outbox", set())
    if kind in woken or kind not in awake:
        return
    woken.add(kind)
    # Released savepoints come by here too: waking for nothing costs one look.
    sa.event.listen(session.sync_session, "after_commit", lambda _: awake[kind].set())


def _mine(item_id: UUID, attempt: int) -> tuple[sa.ColumnElement[bool], ...]:
    """The row while nobody has claimed it again: whose lease is over has no say any more."""
    return OutboxItem.id == item_id, OutboxItem.attempts == attempt
