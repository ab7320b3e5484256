"""The job queue: no job is lost with a worker or a connection, two workers share the work, payloads stay secret."""

import asyncio
import errno
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from kit.db.database import Database
from kit.jobs.connection import WorkerConnection
from kit.jobs.models import JobLogEntry
from kit.jobs.queue import (
    SETTINGS,
    Job,
    JobHandler,
    JobQueue,
    PermanentFailure,
    backlog,
    enqueue,
    queries_of,
)
from kit.jobs.scheduler import PeriodicTask
from kit.secret_keys import SecretKeys
from support.jobs import WORKER_IS_DEAD, let_pass, queued_jobs
from support.waiting import wait_until

pytestmark = pytest.mark.anyio
SECRET = SecretKeys("s" * 32)
SCRIPT = Path(__file__).with_name("killed_job.py")
SOURCES = Path(__file__).resolve().parents[3] / "src"
ALMOST = timedelta(seconds=1)


def handler(
    kind: str, handle: Callable[[Job], Awaitable[None]], *, timeout_seconds: float = 30, concurrency: int = 1
) -> JobHandler:
    return JobHandler(
        kind=kind,
        handle=handle,
        timeout_seconds=timeout_seconds,
        retry_seconds=(20, 60),
        give_up_after=timedelta(days=3),
        concurrency=concurrency,
    )


class Worker:
    """A job queue with one handler, and what that did."""

    def __init__(self, jobs: Database, *, secret: SecretKeys = SECRET, fails: Exception | None = None) -> None:
        self.done: list[bytes] = []
        self.attempts: list[int] = []
        self.did_one = asyncio.Event()
        self.fails = fails
        self.queue = JobQueue(jobs, secret)
        self.queue.add_handler(handler("work", self._do, concurrency=4))

    async def _do(self, job: Job) -> None:
        self.attempts.append(job.attempt)
        # Lets every other task run: a worker that could take the same job would take it now.
        await asyncio.sleep(0)
        if self.fails is not None:
            raise self.fails
        self.done.append(job.payload)
        self.did_one.set()

    async def work(self) -> int:
        return await self.queue.run_due()


async def put(worker: Worker, database: Database, *payloads: bytes) -> None:
    async with database.sessions() as session, session.begin():
        for payload in payloads:
            await worker.queue.enqueue(session, "work", payload)


@pytest.fixture
async def request_database(own_database_url: str) -> AsyncIterator[Database]:
    """The module's own database with the role of requests."""
    database = Database(own_database_url)
    yield database
    await database.stop()


async def test_a_job_that_succeeded_is_gone(jobs: Database) -> None:
    worker = Worker(jobs)
    await put(worker, jobs, b"one", b"two")
    assert await worker.work() == 2
    assert sorted(worker.done) == [b"one", b"two"]
    assert await queued_jobs(jobs) == []


async def test_a_job_of_a_transaction_that_is_rolled_back_never_was(jobs: Database, request_database: Database) -> None:
    worker = Worker(jobs)
    async with request_database.sessions() as session:
        # The first statement of its transaction.
        await worker.queue.enqueue(session, "work", b"one")
        await session.rollback()
    assert await queued_jobs(jobs) == []


async def test_a_waiting_payload_cannot_be_read_from_the_database(jobs: Database) -> None:
    await put(Worker(jobs), jobs, b"https://voice.example.com/reset-password/secret")
    [row] = await queued_jobs(jobs)
    assert row.payload is not None
    assert b"secret" not in row.payload
    assert "reset" not in repr(vars(row))


async def test_requests_enqueue_and_read_no_payload(jobs: Database, request_database: Database) -> None:
    await put(Worker(jobs), request_database, b"one")
    for statement in (
        "SELECT payload FROM pgqueuer",
        "SELECT headers FROM pgqueuer",
        "SELECT * FROM pgqueuer_log",
        "UPDATE pgqueuer SET attempts = 0",
        "DELETE FROM pgqueuer",
    ):
        async with request_database.sessions() as session:
            with pytest.raises(DBAPIError, match="permission denied"):
                await session.execute(sa.text(statement))
    # The columns that the library's INSERT returns.
    async with request_database.sessions() as session:
        await session.execute(sa.text("SELECT id, entrypoint, priority, dedupe_key FROM pgqueuer"))
    assert len(await queued_jobs(jobs)) == 1


@pytest.mark.slow
@pytest.mark.parametrize("point", ["after-commit", "at-work"])
async def test_a_worker_killed_after_the_commit_loses_nothing(
    jobs: Database, own_database_url: str, point: str
) -> None:
    environ = {**os.environ, "PYTHONPATH": str(SOURCES), "EPOCH_DATABASE_URL": own_database_url}
    process = await asyncio.create_subprocess_exec(sys.executable, str(SCRIPT), point, SECRET.current, env=environ)
    assert await asyncio.wait_for(process.wait(), 60) == -signal.SIGKILL

    worker = Worker(jobs)
    await let_pass(jobs, WORKER_IS_DEAD)
    assert await worker.work() == 1
    assert worker.done == [b"left behind"]
    assert await queued_jobs(jobs) == []


@pytest.mark.slow
async def test_the_jobs_of_a_dead_worker_are_found_without_being_woken(jobs: Database, own_database_url: str) -> None:
    environ = {**os.environ, "PYTHONPATH": str(SOURCES), "EPOCH_DATABASE_URL": own_database_url}
    process = await asyncio.create_subprocess_exec(sys.executable, str(SCRIPT), "at-work", SECRET.current, env=environ)
    assert await asyncio.wait_for(process.wait(), 60) == -signal.SIGKILL
    worker = Worker(jobs)
    worker.queue.start()
    await asyncio.wait_for(worker.did_one.wait(), 60)
    await worker.queue.stop()


@pytest.mark.slow
async def test_many_workers_do_each_job_once(jobs: Database) -> None:
    workers = [Worker(jobs) for _ in range(4)]
    payloads = [str(number).encode() for number in range(40)]
    await put(workers[0], jobs, *payloads)
    assert sum(await asyncio.gather(*(worker.work() for worker in workers))) == 40
    assert sorted(payload for worker in workers for payload in worker.done) == sorted(payloads)


async def test_a_worker_that_was_thought_dead_ends_the_job_it_did_after_all(jobs: Database) -> None:
    slow, next_one = JobQueue(jobs, SECRET), Worker(jobs, fails=ConnectionError())
    claimed, free = asyncio.Event(), asyncio.Event()

    async def wait(_: Job) -> None:
        claimed.set()
        await free.wait()

    slow.add_handler(handler("work", wait, timeout_seconds=60))
    await put(next_one, jobs, b"one")
    slow.start()
    await claimed.wait()
    assert await next_one.work() == 0
    assert next_one.attempts == [], "claimed by a worker that lives"
    await let_pass(jobs, WORKER_IS_DEAD)
    await next_one.work()
    assert [(row.attempts, row.failure) for row in await queued_jobs(jobs)] == [(1, "ConnectionError")]
    free.set()
    await slow.stop()
    assert await queued_jobs(jobs) == []


async def test_what_fails_is_tried_again_ever_later_and_given_up_visibly(jobs: Database) -> None:
    worker = Worker(jobs, fails=ConnectionError("to pat@example.com"))
    await put(worker, jobs, b"one")
    await worker.work()
    for attempts, wait in ((1, 20), (2, 60), (3, 60)):
        assert worker.attempts == list(range(1, attempts + 1))
        await let_pass(jobs, timedelta(seconds=wait / 2))
        await worker.work()
        assert len(worker.attempts) == attempts
        await let_pass(jobs, timedelta(seconds=wait / 2))
        await worker.work()
    assert worker.attempts == [1, 2, 3, 4]
    await let_pass(jobs, timedelta(days=3))
    await worker.work()
    [row] = await queued_jobs(jobs)
    assert (row.payload, row.status, row.failure) == (None, "failed", "ConnectionError")
    assert row.given_up_at is not None
    await let_pass(jobs, timedelta(days=1))
    await worker.work()
    assert len(worker.attempts) == 5


async def test_the_text_of_an_error_is_written_down_nowhere(jobs: Database) -> None:
    worker = Worker(jobs, fails=ConnectionError("to pat@example.com"))
    await put(worker, jobs, b"one")
    await worker.work()
    worker.fails = PermanentFailure("recipient refused")
    await let_pass(jobs, timedelta(seconds=21))
    await worker.work()
    async with jobs.sessions() as session:
        logged = await session.scalars(sa.text("SELECT to_jsonb(l)::text FROM pgqueuer_log l"))
        assert not [line for line in logged if "pat@" in line]
        assert await session.scalar(sa.select(sa.func.count()).select_from(JobLogEntry))


async def test_a_full_disk_is_named_and_the_file_is_not(jobs: Database) -> None:
    worker = Worker(jobs, fails=OSError(errno.ENOSPC, "No space left on device", "/mail/ann"))
    await put(worker, jobs, b"a")
    await worker.work()
    [failed] = await queued_jobs(jobs)
    assert failed.failure == "OSError: No space left on device"


async def test_a_permanent_failure_is_given_up_at_once(jobs: Database) -> None:
    worker = Worker(jobs, fails=PermanentFailure("recipient refused"))
    await put(worker, jobs, b"one")
    await worker.work()
    [row] = await queued_jobs(jobs)
    assert (row.payload, row.failure) == (None, "recipient refused")
    assert row.given_up_at is not None


async def test_with_another_secret_jobs_are_given_up_and_the_rest_goes_on(jobs: Database) -> None:
    before, after = Worker(jobs), Worker(jobs, secret=SecretKeys("t" * 32))
    await put(before, jobs, b"old")
    await put(after, jobs, b"new")
    assert await after.work() == 1
    assert after.done == [b"new"]
    [row] = await queued_jobs(jobs)
    assert row.failure == "sealed with another EPOCH_SECRET_KEY"


async def test_one_kind_does_not_wait_for_another(jobs: Database) -> None:
    queue, stuck, done = JobQueue(jobs, SECRET), asyncio.Event(), asyncio.Event()

    async def hang(_: Job) -> None:
        stuck.set()
        await asyncio.Event().wait()

    async def finish(_: Job) -> None:
        done.set()

    queue.add_handler(handler("slow", hang))
    queue.add_handler(handler("quick", finish))
    queue.start()
    for kind, happened in (("slow", stuck), ("quick", done)):
        async with jobs.sessions() as session, session.begin():
            await queue.enqueue(session, kind, b"")
        await asyncio.wait_for(happened.wait(), 30)
    await queue.stop(drain_seconds=0.1)


async def test_what_a_stopped_worker_had_begun_is_done_by_another(jobs: Database) -> None:
    queue, begun = JobQueue(jobs, SECRET), asyncio.Event()

    async def hang(_: Job) -> None:
        begun.set()
        await asyncio.Event().wait()

    queue.add_handler(handler("work", hang))
    worker = Worker(jobs)
    await put(worker, jobs, b"one")
    queue.start()
    await asyncio.wait_for(begun.wait(), 30)
    await queue.stop(drain_seconds=0.1)
    await let_pass(jobs, WORKER_IS_DEAD)
    assert await worker.work() == 1


async def test_the_workers_run_as_many_jobs_of_a_kind_at_once_as_it_says(jobs: Database) -> None:
    queues, together, most, now = [JobQueue(jobs, SECRET) for _ in range(2)], asyncio.Barrier(3), 0, 0

    async def meet(_: Job) -> None:
        nonlocal most, now
        now += 1
        most = max(most, now)
        await together.wait()
        now -= 1

    for queue in queues:
        queue.add_handler(handler("work", meet, concurrency=3))
    async with jobs.sessions() as session, session.begin():
        for _ in range(9):
            await queues[0].enqueue(session, "work", b"")
    assert sum(await asyncio.gather(*(queue.run_due() for queue in queues))) == 9
    assert most == 3


async def test_a_job_enqueued_elsewhere_wakes_the_worker(jobs: Database, request_database: Database) -> None:
    done: asyncio.Queue[Job] = asyncio.Queue()
    queue = JobQueue(jobs, SECRET)
    plain = JobHandler(
        kind="work",
        handle=done.put,
        timeout_seconds=30,
        retry_seconds=(2,),
        give_up_after=timedelta(days=3),
        encrypted=False,
    )
    queue.add_handler(plain)
    subject = str(uuid4()).encode()
    queue.start()
    async with request_database.sessions() as session, session.begin():
        await enqueue(session, "work", subject)
        await enqueue(session, "of nobody here", subject)
    job = await asyncio.wait_for(done.get(), 30)
    await queue.stop()
    assert (job.payload, job.attempt) == (subject, 1)
    async with jobs.sessions() as session:
        assert [(kind.kind, kind.waiting, kind.failing) for kind in await backlog(session, limit=10)] == [
            ("of nobody here", 1, 0)
        ]


async def test_a_job_that_waits_already_is_not_enqueued_again(jobs: Database, request_database: Database) -> None:
    for _ in range(2):
        async with request_database.sessions() as session, session.begin():
            await enqueue(session, "work", b"x", dedupe_key="work:1")
            await enqueue(session, "work", b"x", dedupe_key="work:1")
            await enqueue(session, "work", b"x", dedupe_key="work:2")
    assert [row.dedupe_key for row in await queued_jobs(jobs)] == ["work:1", "work:2"]


async def test_a_job_for_later_is_not_due(jobs: Database) -> None:
    worker = Worker(jobs)
    async with jobs.sessions() as session, session.begin():
        await enqueue(session, "work", b"", after=timedelta(minutes=1))
    await worker.work()
    assert worker.attempts == []


async def test_a_failure_that_meets_an_outage_leads_to_a_retry_and_the_queue_listens_again(jobs: Database) -> None:
    queue, begun, go_on, done = JobQueue(jobs, SECRET), asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def fail(_: Job) -> None:
        begun.set()
        await go_on.wait()
        raise ConnectionError

    async def finish(_: Job) -> None:
        done.set()

    queue.add_handler(handler("failing", fail))
    queue.add_handler(handler("next", finish))
    queue.start()
    async with jobs.sessions() as session, session.begin():
        await queue.enqueue(session, "failing", b"")
    await asyncio.wait_for(begun.wait(), 30)
    async with jobs.sessions() as session:
        lost = queue._connection._connection.get_server_pid()
        await session.execute(sa.text("SET LOCAL ROLE NONE"))
        await session.execute(sa.select(sa.func.pg_terminate_backend(lost)))
    go_on.set()

    async def is_queued_again() -> bool:
        return [(row.status, row.attempts) for row in await queued_jobs(jobs)] == [("queued", 1)]

    await wait_until(is_queued_again)
    async with jobs.sessions() as session, session.begin():
        await queue.enqueue(session, "next", b"")
    await asyncio.wait_for(done.wait(), 30)
    await queue.stop()


@pytest.mark.slow
async def test_a_periodic_task_runs_in_one_worker_at_a_time(jobs: Database) -> None:
    queues, now, runs = [JobQueue(jobs, SECRET) for _ in range(3)], 0, 0
    enough = asyncio.Event()

    async def work() -> None:
        nonlocal now, runs
        now += 1
        assert now == 1
        await asyncio.sleep(0.2)
        now -= 1
        runs += 1
        if runs == 2:
            enough.set()

    for queue in queues:
        queue.add_periodic_task(PeriodicTask(name="work", cron="* * * * * */2", work=work))
        queue.start()
    began = asyncio.get_running_loop().time()
    await asyncio.wait_for(enough.wait(), 60)
    seconds = asyncio.get_running_loop().time() - began
    for queue in queues:
        await queue.stop()
    assert runs <= seconds / 2 + 2, "each time once, however many workers there are"


async def test_the_schema_is_the_librarys(jobs: Database) -> None:
    connection = WorkerConnection(jobs)
    plan = await queries_of(connection).plan_upgrade()
    await connection.close()
    assert list(plan.statements) == []


def test_the_names_of_its_tables_do_not_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CHANNEL", "PGQUEUER_CHANNEL", "QUEUE_TABLE", "TRIGGER", "PGQUEUER_PREFIX"):
        monkeypatch.setenv(name, "elsewhere")
    assert queries_of(WorkerConnection(None)).qbe.settings == SETTINGS  # type: ignore[arg-type]  # asks nothing of it
    assert SETTINGS.channel == "ch_pgqueuer"
