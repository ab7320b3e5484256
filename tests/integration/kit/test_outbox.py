"""The outbox: nothing is lost with a worker, nothing is done twice by two, secrets do not lie about in it."""

import asyncio
import os
import signal
import sys
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from kit.clock import utc_now
from kit.db.database import Database
from kit.jobs.queue import (
    LEASE_BEYOND,
    Hopeless,
    Item,
    Lane,
    Outbox,
    OutboxItem,
    backlog,
    follow_up,
)

pytestmark = pytest.mark.anyio
SECRET = "s" * 32
SCRIPT = Path(__file__).with_name("dies_with_work.py")
SOURCES = Path(__file__).resolve().parents[3] / "src"
AFTER_ANY_LEASE = timedelta(minutes=5)


class Worker:
    """An outbox with one lane, and what that did; its clock stands still unless it is moved."""

    def __init__(self, jobs: Database, *, secret: str = SECRET, fails: Exception | None = None) -> None:
        self.now: datetime = utc_now()
        self.done: list[bytes] = []
        self.attempts: list[int] = []
        self.fails = fails
        self.outbox = Outbox(jobs, secret, clock=lambda: self.now)
        lane = Lane(
            kind="work", handle=self._do, handle_seconds=5, retry_seconds=(2, 60), give_up_after=timedelta(days=3)
        )
        self.outbox.add_lane(lane)

    async def _do(self, item: Item) -> None:
        self.attempts.append(item.attempt)
        # Lets every other task run: whoever could take the same piece of work would.
        await asyncio.sleep(0)
        if self.fails is not None:
            raise self.fails
        self.done.append(item.body)

    async def work(self) -> int:
        return await self.outbox.work_off("work")


async def put(worker: Worker, database: Database, *bodies: bytes) -> None:
    async with database.sessions() as session, session.begin():
        for body in bodies:
            worker.outbox.put(session, "work", body)


async def rows(jobs: Database) -> list[OutboxItem]:
    async with jobs.sessions() as session:
        return list(await session.scalars(sa.select(OutboxItem).order_by(OutboxItem.id)))


async def test_what_is_done_is_gone(jobs: Database) -> None:
    worker = Worker(jobs)
    await put(worker, jobs, b"one", b"two")
    assert await worker.work() == 2
    assert worker.done == [b"one", b"two"]
    assert await rows(jobs) == []


async def test_what_waits_cannot_be_read_from_the_database(jobs: Database) -> None:
    await put(Worker(jobs), jobs, b"https://voice.example.com/reset-password/secret")
    [row] = await rows(jobs)
    assert row.body is not None
    assert "secret" not in row.body
    assert "reset" not in repr(vars(row))


async def test_requests_put_work_in_and_see_none_of_it(jobs: Database, own_database_url: str) -> None:
    requests = Database(own_database_url)
    await put(Worker(jobs), requests, b"one")
    for statement in ("SELECT id FROM outbox", "UPDATE outbox SET attempts = 0", "DELETE FROM outbox"):
        async with requests.sessions() as session:
            with pytest.raises(DBAPIError, match="permission denied"):
                await session.execute(sa.text(statement))
    await requests.stop()
    assert len(await rows(jobs)) == 1


@pytest.mark.parametrize("point", ["after-commit", "at-work"])
async def test_a_worker_killed_after_the_commit_loses_nothing(
    jobs: Database, own_database_url: str, point: str
) -> None:
    environ = {**os.environ, "PYTHONPATH": str(SOURCES), "EPOCH_DATABASE_URL": own_database_url}
    process = await asyncio.create_subprocess_exec(sys.executable, str(SCRIPT), point, SECRET, env=environ)
    assert await asyncio.wait_for(process.wait(), 60) == -signal.SIGKILL

    worker = Worker(jobs)
    worker.now += AFTER_ANY_LEASE
    assert await worker.work() == 1
    assert worker.done == [b"left behind"]
    assert worker.attempts == [1 if point == "after-commit" else 2]
    assert await rows(jobs) == []


async def test_many_workers_do_each_piece_once(jobs: Database) -> None:
    workers = [Worker(jobs) for _ in range(4)]
    bodies = [str(number).encode() for number in range(40)]
    await put(workers[0], jobs, *bodies)
    assert sum(await asyncio.gather(*(worker.work() for worker in workers))) == 40
    assert sorted(body for worker in workers for body in worker.done) == sorted(bodies)


async def test_a_worker_whose_lease_is_over_does_not_undo_what_its_successor_did(jobs: Database) -> None:
    slow, next_one = Worker(jobs), Worker(jobs, fails=ConnectionError())
    await put(slow, jobs, b"one")
    claimed = asyncio.Event()
    free = asyncio.Event()

    async def wait(item: Item) -> None:
        claimed.set()
        await free.wait()

    slow.outbox.add_lane(
        Lane(kind="work", handle=wait, handle_seconds=60, retry_seconds=(2,), give_up_after=timedelta(days=3))
    )
    working = asyncio.create_task(slow.work())
    await claimed.wait()
    assert await next_one.work() == 0
    assert next_one.attempts == [], "leased"
    next_one.now += timedelta(seconds=61) + LEASE_BEYOND
    await next_one.work()
    free.set()
    await working
    [row] = await rows(jobs)
    assert (row.attempts, row.failure) == (2, "ConnectionError")


async def test_what_fails_is_tried_again_ever_later_and_given_up_visibly(jobs: Database) -> None:
    worker = Worker(jobs, fails=ConnectionError("to pat@example.com"))
    began = worker.now
    await put(worker, jobs, b"one")
    for later in (0, 2, 60, 60):
        worker.now += timedelta(seconds=later) - timedelta(milliseconds=1)
        await worker.work()
        worker.now += timedelta(milliseconds=1)
        await worker.work()
    assert worker.attempts == [1, 2, 3, 4]
    worker.now = began + timedelta(days=3, minutes=2)
    await worker.work()
    [row] = await rows(jobs)
    assert (row.body, row.given_up_at, row.failure) == (None, worker.now, "ConnectionError")
    worker.now += timedelta(days=1)
    await worker.work()
    assert len(worker.attempts) == 5


async def test_what_is_hopeless_is_given_up_at_once(jobs: Database) -> None:
    worker = Worker(jobs, fails=Hopeless("recipient refused"))
    await put(worker, jobs, b"one")
    await worker.work()
    [row] = await rows(jobs)
    assert (row.body, row.failure) == (None, "recipient refused")
    assert row.given_up_at is not None


async def test_with_another_secret_work_is_given_up_and_the_rest_goes_on(jobs: Database) -> None:
    before, after = Worker(jobs), Worker(jobs, secret="t" * 32)
    await put(before, jobs, b"old")
    await put(after, jobs, b"new")
    assert await after.work() == 1
    assert after.done == [b"new"]
    [row] = await rows(jobs)
    assert row.failure == "sealed with another EPOCH_SECRET_KEY"


async def test_one_lane_does_not_wait_for_another(jobs: Database) -> None:
    outbox, stuck, done = Outbox(jobs, SECRET), asyncio.Event(), asyncio.Event()

    async def hang(_: Item) -> None:
        stuck.set()
        await asyncio.Event().wait()

    async def finish(_: Item) -> None:
        done.set()

    for kind, handle in (("slow", hang), ("quick", finish)):
        outbox.add_lane(
            Lane(kind=kind, handle=handle, handle_seconds=30, retry_seconds=(2,), give_up_after=timedelta(days=3))
        )
    outbox.start()
    for kind, happened in (("slow", stuck), ("quick", done)):
        async with jobs.sessions() as session, session.begin():
            outbox.put(session, kind, b"")
        await happened.wait()
    for task in outbox._tasks:
        task.cancel()
    await outbox.stop()


async def test_a_lane_does_as_many_pieces_at_once_as_it_says(jobs: Database) -> None:
    outbox, together = Outbox(jobs, SECRET), asyncio.Barrier(3)

    async def meet(_: Item) -> None:
        await together.wait()

    outbox.add_lane(
        Lane(
            kind="work",
            handle=meet,
            handle_seconds=30,
            retry_seconds=(2,),
            give_up_after=timedelta(days=3),
            at_once=3,
        )
    )
    async with jobs.sessions() as session, session.begin():
        for _ in range(6):
            outbox.put(session, "work", b"")
    assert await outbox.work_off("work") == 6
    assert await rows(jobs) == []


async def test_work_about_a_row_is_written_by_whoever_and_wakes_the_lane_of_the_process(jobs: Database) -> None:
    done: asyncio.Queue[Item] = asyncio.Queue()
    outbox = Outbox(jobs, SECRET)
    outbox.add_lane(
        Lane(kind="work", handle=done.put, handle_seconds=30, retry_seconds=(2,), give_up_after=timedelta(days=3))
    )
    subject = uuid4()
    outbox.start()
    async with jobs.sessions() as session, session.begin():
        follow_up(session, "work", subject)
        follow_up(session, "of nobody here", subject)
    item = await asyncio.wait_for(done.get(), 30)
    await outbox.stop()
    assert (item.subject, item.body, item.attempt) == (subject, b"", 1)
    async with jobs.sessions() as session:
        assert [(lane.kind, lane.waiting, lane.failing) for lane in await backlog(session, most=10)] == [
            ("of nobody here", 1, 0)
        ]
