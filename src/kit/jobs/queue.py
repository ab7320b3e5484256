"""The job queue: jobs are enqueued in a transaction and run by any worker after its commit, at least once.

pgqueuer keeps them in PostgreSQL and wakes the workers. Each kind of job has a handler that says how it is run. A
worker says every few seconds that it lives; the jobs of one that died are run by another. A job runs twice only when
its worker dies, or is cut off from the database, between doing it and saying so.
"""

import asyncio
import datetime as dt
import functools
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import msgspec
import sqlalchemy as sa
import structlog
from pgqueuer import PgQueuer, Queries, RetryRequested
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.domain import models, types
from pgqueuer.domain.settings import DBSettings, Durability
from pgqueuer.ports.driver import Driver
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from kit.clock import utc_now
from kit.db.database import Database, is_outage
from kit.encryption import Encryptor
from kit.jobs.connection import SessionConnection, WorkerConnection
from kit.jobs.models import WAITING_STATUSES, QueuedJob
from kit.jobs.scheduler import PeriodicTask

POLL_SECONDS = 2
"""How often a worker looks for jobs that nobody woke it for: those of a worker that died."""
HEARTBEAT_TIMEOUT = dt.timedelta(seconds=5)
"""A worker that was silent for so long is dead, and its jobs are run by another."""
DRAIN_SECONDS = 5
"""How long a stopping worker still runs what is due; the rest waits for the next one."""
RESTART_SECONDS = 1
BATCH_JOBS = 10
"""Jobs that a worker claims with one statement."""
# Named here, every one of them: the library would take them from environment variables such as CHANNEL or TRIGGER.
SETTINGS = DBSettings(
    prefix="",
    db_schema=None,
    channel=types.Channel("ch_pgqueuer"),
    function="fn_pgqueuer_changed",
    statistics_table="pgqueuer_statistics",
    queue_status_type="pgqueuer_status",
    queue_table="pgqueuer",
    queue_table_log="pgqueuer_log",
    trigger="tg_pgqueuer_changed",
    schedules_table="pgqueuer_schedules",
    durability=Durability.durable,
)
_NOTE_FAILURE = """
    UPDATE pgqueuer
    SET headers = jsonb_build_object('failure', $2::text), payload = CASE WHEN $3 THEN NULL ELSE payload END
    WHERE id = $1
"""
_IS_WORK_DUE = """
    SELECT EXISTS (
        SELECT FROM pgqueuer
        WHERE entrypoint = ANY($1)
          AND (status = 'queued' AND execute_after <= now() OR status = 'picked' AND heartbeat < now() - $2::interval)
    ) AS is_due
"""
# The library's own query sorts every job that waits for its time: 50 ms with 200,000 of them, each time a worker wakes.
_NEXT_DUE = """
    SELECT min(first.execute_after) - now() AS eta
    FROM unnest($1::text[]) AS kind
    CROSS JOIN LATERAL (
        SELECT execute_after FROM pgqueuer
        WHERE entrypoint = kind AND status = 'queued' AND execute_after > now()
        ORDER BY execute_after LIMIT 1
    ) first
"""
log = structlog.get_logger("epoch.jobs")
# Each outcome of a job is an event of ours; the library would log each failure once more, with its stack.
logging.getLogger("pgqueuer").setLevel(logging.CRITICAL)


class Job(msgspec.Struct, frozen=True):
    """A job that is being run."""

    id: int
    payload: bytes
    attempt: int
    """1 for the first."""
    created_at: dt.datetime


class JobHandler(msgspec.Struct, frozen=True, kw_only=True):
    """How jobs of one kind are run; kinds do not wait for each other."""

    kind: str
    handle: Callable[[Job], Awaitable[None]]
    """Does the work. What it raises leads to a retry; ``PermanentFailure`` ends it. It must bear being called twice."""
    timeout_seconds: float
    """When an attempt is cut off."""
    retry_seconds: tuple[float, ...]
    """The waits between attempts; the last one repeats."""
    give_up_after: dt.timedelta
    """A job so old becomes a dead letter with its next failure."""
    concurrency: int = 1
    """How many jobs of the kind all workers run at the same time."""
    encrypted: bool = True
    """False for jobs that are enqueued without ``JobQueue.enqueue``, because their payload is no secret."""


class PermanentFailure(Exception):
    """The job can never succeed; the message says why, without names, numbers or addresses."""


class Backlog(msgspec.Struct, frozen=True):
    """The jobs of one kind that are not over."""

    kind: str
    waiting: int
    failing: int
    """Those that failed at least once."""
    oldest: dt.datetime
    """When the oldest of them was enqueued."""


class JobQueue:
    """Enqueues encrypted jobs, and runs jobs and periodic tasks between ``start`` and ``stop``, in every worker."""

    def __init__(self, database: Database, secret: str) -> None:
        """``database`` runs the jobs and must see every row; a session that enqueues may be anybody's."""
        self._database = database
        # The name is part of the key that encrypted what waits since the queue was our own.
        self._encryptor = Encryptor(secret, "outbox")
        self._handlers: dict[str, JobHandler] = {}
        self._periodic_tasks: list[PeriodicTask] = []
        self._running: set[asyncio.Task[Any]] = set()
        self._running_periodic: set[asyncio.Task[Any]] = set()
        self._connection = WorkerConnection(database)
        self._library: PgQueuer | None = None
        self._runner: asyncio.Task[None] | None = None
        self._is_stopping = False
        self._succeeded = 0

    def add_handler(self, handler: JobHandler) -> None:
        """Say how one kind of job is run, before ``start``."""
        self._handlers[handler.kind] = handler

    def add_periodic_task(self, task: PeriodicTask) -> None:
        """Have ``task`` run at its times, before ``start``."""
        self._periodic_tasks.append(task)

    async def enqueue(self, session: AsyncSession, kind: str, payload: bytes) -> None:
        """Add an encrypted job to the transaction under way: it runs if, and as soon as, that is committed."""
        await enqueue(session, kind, self._encryptor.encrypt(payload).encode())

    def start(self) -> None:
        """Begin to run jobs, inside the serving loop."""
        self._is_stopping = False
        self._connection = WorkerConnection(self._database)
        self._library = self._new_library()
        self._runner = asyncio.create_task(self._run(self._library))

    async def stop(self, *, drain_seconds: float = DRAIN_SECONDS) -> None:
        """Run what is due, for ``drain_seconds`` at most, and stop. What was begun and not finished runs elsewhere."""
        if self._runner is None or self._library is None:
            return
        for task in self._running_periodic:
            task.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(drain_seconds):
                await self._drain()
        self._is_stopping = True
        self._connection.give_up()
        self._library.shutdown.set()
        for task in self._running | self._running_periodic:
            task.cancel()
        done, _ = await asyncio.wait({self._runner}, timeout=DRAIN_SECONDS)
        if not done:
            self._runner.cancel()
            await asyncio.wait({self._runner}, timeout=1)
        self._runner = None
        await self._connection.close()

    async def run_due(self) -> int:
        """Run the jobs that are due; return how many succeeded."""
        before = self._succeeded
        self.start()
        await self.stop(drain_seconds=60)
        return self._succeeded - before

    def _new_library(self) -> PgQueuer:
        library = PgQueuer(self._connection, channel=SETTINGS.channel, queries=queries_of(self._connection))
        for handler in self._handlers.values():
            entrypoint = library.entrypoint(
                handler.kind, concurrency_limit=handler.concurrency, accepts_context=False, on_failure="hold"
            )
            entrypoint(functools.partial(self._run_job, handler))
        for task in self._periodic_tasks:
            library.schedule(task.name, task.cron, accepts_context=False)(functools.partial(self._run_periodic, task))
        return library

    async def _run(self, library: PgQueuer) -> None:
        while True:
            try:
                await library.run(
                    dequeue_timeout=dt.timedelta(seconds=POLL_SECONDS),
                    batch_size=BATCH_JOBS,
                    heartbeat_timeout=HEARTBEAT_TIMEOUT,
                    # Nobody reads the library's statistics.
                    log_aggregation_interval=dt.timedelta(),
                )
            except Exception as error:
                if is_outage(error):
                    log.warning("job_queue_interrupted", error=type(error).__name__)
                else:
                    log.error("job_queue_failed", exc_info=error)
            if self._is_stopping:
                return
            await asyncio.sleep(RESTART_SECONDS)
            self._connection.forget_listeners()
            self._library = library = self._new_library()

    async def _drain(self) -> None:
        """Return when nothing is due, and nothing runs here."""
        kinds = list(self._handlers)
        while True:
            [row] = await self._connection.fetch(_IS_WORK_DUE, kinds, HEARTBEAT_TIMEOUT)
            if not row["is_due"] and not self._running:
                return
            await asyncio.sleep(0.02)

    async def _run_job(self, handler: JobHandler, queued: models.Job) -> None:
        with _listed_in(self._running):
            outcome = await self._attempt(handler, queued)
        if outcome is not None:
            # Outside of every except clause: the library writes down the whole chain of errors, texts and all.
            raise outcome

    async def _attempt(self, handler: JobHandler, queued: models.Job) -> Exception | None:
        """Run one attempt; return what tells the library to retry or to give up."""
        failure, is_permanent = "", False
        try:
            async with asyncio.timeout(handler.timeout_seconds):
                await handler.handle(self._opened(handler, queued))
        except PermanentFailure as error:
            failure, is_permanent = str(error), True
        except Exception as error:
            failure = type(error).__name__
            is_permanent = utc_now() - queued.created > handler.give_up_after
        else:
            self._succeeded += 1
            return None
        await self._connection.execute(_NOTE_FAILURE, queued.id, failure, is_permanent)
        about = {"kind": handler.kind, "job": queued.id, "attempt": queued.attempts + 1, "error": failure}
        if is_permanent:
            log.error("job_given_up", **about)
            return PermanentFailure(failure)
        log.warning("job_retry_scheduled", **about)
        wait = handler.retry_seconds[min(queued.attempts, len(handler.retry_seconds) - 1)]
        return RetryRequested(dt.timedelta(seconds=wait), failure)

    def _opened(self, handler: JobHandler, queued: models.Job) -> Job:
        payload: bytes | None = queued.payload or b""
        if handler.encrypted:
            payload = self._encryptor.decrypt((queued.payload or b"").decode(), seconds=None)
        if payload is None:
            raise PermanentFailure("sealed with another EPOCH_SECRET_KEY")
        return Job(queued.id, payload, queued.attempts + 1, queued.created)

    async def _run_periodic(self, periodic_task: PeriodicTask, _: models.Schedule) -> None:
        with _listed_in(self._running_periodic):
            await periodic_task.run_once()


@contextmanager
def _listed_in(tasks: set[asyncio.Task[Any]]) -> Iterator[None]:
    """While this runs, its task is one of ``tasks``."""
    task = asyncio.current_task()
    tasks |= {task} if task else set()
    try:
        yield
    finally:
        tasks -= {task} if task else set()


class _Queries(Queries):
    """The library's statements, but for two."""

    async def log_jobs(
        self, job_status: list[tuple[models.Job, types.JOB_STATUS, models.TracebackRecord | None]]
    ) -> None:
        # The library deletes jobs whose tasks are cancelled, as they are when a worker stops. Another runs them.
        if over := [entry for entry in job_status if entry[1] != "canceled"]:
            await super().log_jobs(over)

    async def next_deferred_eta(self, entrypoints: list[types.QueueEntrypoint]) -> dt.timedelta | None:
        [row] = await self.driver.fetch(_NEXT_DUE, entrypoints)
        eta = row["eta"]
        return eta if isinstance(eta, dt.timedelta) else None


def queries_of(driver: Driver) -> Queries:
    """The library's statements over ``driver``."""
    return _Queries(
        driver,
        qbe=QueryBuilderEnvironment(SETTINGS),
        qbq=QueryQueueBuilder(SETTINGS),
        qbs=QuerySchedulerBuilder(SETTINGS),
    )


async def enqueue(
    session: AsyncSession,
    kind: str,
    payload: bytes,
    *,
    after: dt.timedelta = dt.timedelta(),
    dedupe_key: str | None = None,
) -> None:
    """Add a job to the transaction under way; whoever enqueues it need not know who runs it.

    It runs as soon as that is committed and ``after`` is over. While a job with the same ``dedupe_key`` waits or runs,
    nothing is added.
    """
    if dedupe_key is None:
        await _insert(session, kind, payload, after, None)
        return
    with suppress(IntegrityError):
        async with session.begin_nested():
            await _insert(session, kind, payload, after, dedupe_key)


async def _insert(
    session: AsyncSession, kind: str, payload: bytes, after: dt.timedelta, dedupe_key: str | None
) -> None:
    queries = queries_of(SessionConnection(await session.connection()))
    await queries.enqueue(kind, payload, execute_after=after, dedupe_key=dedupe_key)


async def backlog(session: AsyncSession, *, most: int) -> Sequence[Backlog]:
    """The jobs that are not over, by kind; at most ``most`` jobs are counted."""
    waiting = (
        sa.select(QueuedJob.kind, QueuedJob.failure, QueuedJob.created_at)
        .where(QueuedJob.status.in_(WAITING_STATUSES))
        .limit(most)
        .subquery()
    )
    failing = sa.func.count(waiting.c.failure)
    query = sa.select(waiting.c.kind, sa.func.count(), failing, sa.func.min(waiting.c.created_at))
    return [Backlog(*row) for row in await session.execute(query.group_by(waiting.c.kind).order_by(waiting.c.kind))]
