"""The job queue: jobs are enqueued in a transaction and run by any worker after its commit, at least once.

pgqueuer stores the jobs in PostgreSQL and wakes the workers. Each kind of job has a handler. A worker sends a heartbeat
every few seconds; when a worker dies, another one runs its jobs. A job runs twice only when its worker dies or loses
the database after the work was done and before that was stored.
"""

import asyncio
import datetime as dt
import functools
import logging
import time
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
from structlog.contextvars import bound_contextvars, get_contextvars

from kit.clock import utc_now
from kit.db.database import Database
from kit.db.outage import is_outage
from kit.encryption import Encryptor
from kit.jobs.backlog_metrics import QueueLength, measure_queue
from kit.jobs.connection import SessionConnection, WorkerConnection
from kit.jobs.failure_names import failure_name
from kit.jobs.metrics import JOB_SECONDS, JOBS, JobOutcome, begin_series
from kit.jobs.models import WAITING_STATUSES, QueuedJob
from kit.jobs.queue_delay import longest_wait
from kit.jobs.scheduler import PeriodicTask
from kit.log import REQUEST_ID
from kit.secret_keys import SecretKeys
from kit.tracing import TRACING

POLL_SECONDS = 2
"""The time between two searches for jobs of workers that died, for which there is no notification."""
HEARTBEAT_TIMEOUT = dt.timedelta(seconds=5)
"""A worker without a heartbeat for this time counts as dead, and another worker runs its jobs."""
DRAIN_SECONDS = 5
"""The time for which a stopping worker still runs due jobs; other workers run the rest."""
RESTART_SECONDS = 1
BATCH_JOBS = 10
"""Jobs that a worker claims with one statement."""
# All names are set here, because the library's defaults come from environment variables such as CHANNEL or TRIGGER.
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
_STORE_FAILURE = """
    UPDATE pgqueuer
    SET headers = coalesce(nullif(headers, 'null'), '{}') || jsonb_build_object('failure', $2::text),
        payload = CASE WHEN $3 THEN NULL ELSE payload END
    WHERE id = $1
"""
_IS_WORK_DUE = """
    SELECT EXISTS (
        SELECT FROM pgqueuer
        WHERE entrypoint = ANY($1)
          AND (status = 'queued' AND execute_after <= now() OR status = 'picked' AND heartbeat < now() - $2::interval)
    ) AS is_due
"""
# The library's query sorts all waiting jobs: 50 ms with 200,000 jobs, each time a worker wakes.
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
# The product logs the outcome of each job; the library would log each failure again, with its stack trace.
logging.getLogger("pgqueuer").setLevel(logging.CRITICAL)


class Job(msgspec.Struct, frozen=True):
    """A running job."""

    id: int
    payload: bytes
    attempt: int
    """1 for the first attempt."""
    created_at: dt.datetime


class JobHandler(msgspec.Struct, frozen=True, kw_only=True):
    """The function that runs jobs of one kind, and their limits; jobs of different kinds do not wait for each other."""

    kind: str
    handle: Callable[[Job], Awaitable[None]]
    """Does the work. It is retried after an exception other than ``PermanentFailure``. Must be safe to call twice."""
    timeout_seconds: float
    """Time limit of an attempt."""
    give_up_after: dt.timedelta
    """A job older than this becomes a dead letter at its next failure."""
    retry_seconds: tuple[float, ...] = (5, 30, 120, 600, 3600)
    """Waits between attempts; the last value is repeated."""
    concurrency: int = 1
    """Maximum of jobs of this kind that all workers together run at the same time."""
    encrypted: bool = True
    """False for jobs that are enqueued without ``JobQueue.enqueue``, because their payload is not secret."""


class PermanentFailure(Exception):
    """The job can never succeed; the message gives the reason without names, numbers or addresses."""


class Backlog(msgspec.Struct, frozen=True):
    """Counts of the unfinished jobs of one kind."""

    kind: str
    waiting: int
    failing: int
    """Jobs that failed at least once."""
    oldest: dt.datetime
    """Time at which the oldest job was enqueued."""


class JobQueue:
    """Enqueues encrypted jobs, and runs jobs and periodic tasks between ``start`` and ``stop``, in every worker."""

    def __init__(self, database: Database, secrets: SecretKeys) -> None:
        """``database`` is for the jobs and must see all rows; sessions of any role can enqueue."""
        self._database = database
        self._encryptor = payload_encryptor(secrets)
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
        """Register the handler of one kind of job, before ``start``."""
        self._handlers[handler.kind] = handler

    def add_periodic_task(self, task: PeriodicTask) -> None:
        """Register a periodic task, before ``start``."""
        self._periodic_tasks.append(task)

    async def enqueue(self, session: AsyncSession, kind: str, payload: bytes) -> None:
        """Add a job with encrypted ``payload`` to the session's transaction; it runs after the commit."""
        await enqueue(session, kind, self._encryptor.encrypt(payload).encode())

    def start(self) -> None:
        """Start running jobs, in the server's event loop."""
        self._is_stopping = False
        begin_series(self._handlers, (task.name for task in self._periodic_tasks))
        self._connection = WorkerConnection(self._database)
        self._library = self._new_library()
        self._runner = asyncio.create_task(self._run(self._library))

    async def stop(self, *, drain_seconds: float = DRAIN_SECONDS) -> None:
        """Run due jobs for at most ``drain_seconds``, then stop. Other workers run the unfinished jobs again."""
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

    async def measure(self) -> Sequence[QueueLength]:
        """The lengths of this queue, for metrics. Raises: an error of the database, or TimeoutError when it waits."""
        async with asyncio.timeout(self._database.connect_seconds):
            return await measure_queue(self._database, list(self._handlers))

    async def run_due(self) -> int:
        """Run the due jobs; return the number that succeeded."""
        before = self._succeeded
        self.start()
        await self.stop(drain_seconds=60)
        return self._succeeded - before

    async def longest_wait(self) -> dt.timedelta:
        """The time that due work has waited; it grows while no process runs jobs."""
        tasks = [task.name for task in self._periodic_tasks]
        return await longest_wait(self._database, kinds=list(self._handlers), tasks=tasks)

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
                    # The library's statistics are not used.
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
        """Wait until no job is due and none runs in this worker."""
        kinds = list(self._handlers)
        while True:
            [row] = await self._connection.fetch(_IS_WORK_DUE, kinds, HEARTBEAT_TIMEOUT)
            if not row["is_due"] and not self._running:
                return
            await asyncio.sleep(0.02)

    async def _run_job(self, handler: JobHandler, queued: models.Job) -> None:
        origin = {REQUEST_ID: found} if (found := (queued.headers or {}).get(REQUEST_ID)) else {}
        with (
            _listed_in(self._running),
            bound_contextvars(job_id=queued.id, job_kind=handler.kind, **origin),
            TRACING.span(f"job {handler.kind}", "consumer") as attributes,
        ):
            outcome = await self._attempt(handler, queued)
            attributes["epoch.job_outcome"] = "succeeded" if outcome is None else type(outcome).__name__
        if outcome is not None:
            # Outside all except clauses, because the library stores the texts of the whole exception chain.
            raise outcome

    async def _attempt(self, handler: JobHandler, queued: models.Job) -> Exception | None:
        """Run one attempt; return the exception that makes the library retry or give up, or None after success."""
        failure, is_permanent = "", False
        began = time.monotonic()
        try:
            async with asyncio.timeout(handler.timeout_seconds):
                await handler.handle(self._decrypt(handler, queued))
        except PermanentFailure as error:
            failure, is_permanent = str(error), True
        except Exception as error:
            failure = failure_name(error)
            is_permanent = utc_now() - queued.created > handler.give_up_after
        else:
            self._succeeded += 1
            JOBS.labels(handler.kind, JobOutcome.SUCCEEDED).inc()
            return None
        finally:
            JOB_SECONDS.labels(handler.kind).observe(time.monotonic() - began)
        JOBS.labels(handler.kind, JobOutcome.GIVEN_UP if is_permanent else JobOutcome.RETRIED).inc()
        await self._connection.execute(_STORE_FAILURE, queued.id, failure, is_permanent)
        log_fields = {"attempt": queued.attempts + 1, "error": failure}
        if is_permanent:
            log.error("job_given_up", **log_fields)
            return PermanentFailure(failure)
        log.warning("job_retry_scheduled", **log_fields)
        wait = handler.retry_seconds[min(queued.attempts, len(handler.retry_seconds) - 1)]
        return RetryRequested(dt.timedelta(seconds=wait), failure)

    def _decrypt(self, handler: JobHandler, queued: models.Job) -> Job:
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
    """Keep the current task in ``tasks`` inside the ``with`` block."""
    task = asyncio.current_task()
    tasks |= {task} if task else set()
    try:
        yield
    finally:
        tasks -= {task} if task else set()


def _origin_of_job() -> dict[str, str] | None:
    """The headers of a job that is enqueued now: the id of the request that enqueues it, for the job's log lines."""
    found = get_contextvars().get(REQUEST_ID)
    return None if found is None else {REQUEST_ID: str(found)}


class _Queries(Queries):
    """The library's statements; two of them are replaced."""

    async def log_jobs(
        self, job_status: list[tuple[models.Job, types.JOB_STATUS, models.TracebackRecord | None]]
    ) -> None:
        # The library would delete jobs whose tasks a stopping worker cancels, but another worker must run them.
        if ended := [entry for entry in job_status if entry[1] != "canceled"]:
            await super().log_jobs(ended)

    async def next_deferred_eta(self, entrypoints: list[types.QueueEntrypoint]) -> dt.timedelta | None:
        [row] = await self.driver.fetch(_NEXT_DUE, entrypoints)
        eta = row["eta"]
        return eta if isinstance(eta, dt.timedelta) else None


def payload_encryptor(secrets: SecretKeys) -> Encryptor:
    """The encryption of the jobs' payloads."""
    # The purpose must stay "outbox": stored payloads are encrypted with the key derived from it.
    return Encryptor(secrets, "outbox")


def queries_of(driver: Driver) -> Queries:
    """The library's statements, run by ``driver``."""
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
    """Add a job with unencrypted ``payload`` to the session's transaction; the caller does not need its handler.

    It runs ``after`` the commit. While a job with the same ``dedupe_key`` waits or runs, nothing is added.
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
    await queries.enqueue(kind, payload, execute_after=after, dedupe_key=dedupe_key, headers=_origin_of_job())


async def backlog(session: AsyncSession, *, limit: int) -> Sequence[Backlog]:
    """Count the unfinished jobs of each kind; at most ``limit`` jobs are counted."""
    waiting = (
        sa.select(QueuedJob.kind, QueuedJob.failure, QueuedJob.created_at)
        .where(QueuedJob.status.in_(WAITING_STATUSES))
        .limit(limit)
        .subquery()
    )
    failing = sa.func.count(waiting.c.failure)
    query = sa.select(waiting.c.kind, sa.func.count(), failing, sa.func.min(waiting.c.created_at))
    return [Backlog(*row) for row in await session.execute(query.group_by(waiting.c.kind).order_by(waiting.c.kind))]
