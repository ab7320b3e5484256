"""Metrics of jobs and periodic tasks: outcomes, and the age of what is due."""

from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from kit.db.database import Database
from kit.jobs.queue import Job, JobHandler, JobQueue, PermanentFailure, enqueue
from kit.jobs.scheduler import PeriodicTask
from kit.secret_keys import SecretKeys
from support.jobs import forget_jobs, let_pass
from support.metrics import Growth

pytestmark = pytest.mark.anyio
HOUR = timedelta(hours=1)


def queue_of(jobs: Database, kind: str, fails: Exception | None = None) -> JobQueue:
    async def handle(_: Job) -> None:
        if fails is not None:
            raise fails

    queue = JobQueue(jobs, SecretKeys("s" * 32))
    queue.add_handler(
        JobHandler(
            kind=kind,
            handle=handle,
            timeout_seconds=30,
            retry_seconds=(3600,),
            give_up_after=timedelta(days=1),
            encrypted=False,
        )
    )
    return queue


async def put(jobs: Database, kind: str, *, after: timedelta = timedelta()) -> None:
    async with jobs.sessions() as session, session.begin():
        await enqueue(session, kind, b"", after=after)


@pytest.mark.parametrize(
    ("fails", "outcome"),
    [(None, "succeeded"), (ConnectionError(), "retried"), (PermanentFailure("never"), "given_up")],
)
async def test_each_attempt_is_counted(jobs: Database, fails: Exception | None, outcome: str) -> None:
    kind = f"counted_{outcome}"
    queue = queue_of(jobs, kind, fails)
    await put(jobs, kind)
    outcomes = {
        name: Growth("epoch_jobs_total", kind=kind, outcome=name) for name in ("succeeded", "retried", "given_up")
    }
    seconds = Growth("epoch_job_duration_seconds_count", kind=kind)
    await queue.run_due()
    assert {name: growth.amount for name, growth in outcomes.items()} == {
        name: float(name == outcome) for name in outcomes
    }
    assert seconds.amount == 1


async def test_series_begin_with_the_queue(jobs: Database) -> None:
    queue = queue_of(jobs, "never_run")
    queue.start()
    await queue.stop()
    assert REGISTRY.get_sample_value("epoch_jobs_total", {"kind": "never_run", "outcome": "given_up"}) == 0


async def test_the_age_is_that_of_the_oldest_due_job(jobs: Database) -> None:
    await forget_jobs(jobs)
    queue = queue_of(jobs, "aged")
    [empty] = await queue.measure()
    assert (empty.waiting, empty.failing, empty.oldest_due_seconds) == (0, 0, 0)
    await put(jobs, "aged", after=3 * HOUR)
    [later] = await queue.measure()
    assert (later.waiting, later.oldest_due_seconds) == (1, 0)
    await put(jobs, "aged")
    await let_pass(jobs, HOUR)
    await put(jobs, "aged")
    [due] = await queue.measure()
    assert due.waiting == 3
    assert due.oldest_due_seconds >= 3600
    await forget_jobs(jobs)


async def test_jobs_that_failed_are_counted_while_they_wait(jobs: Database) -> None:
    await forget_jobs(jobs)
    queue = queue_of(jobs, "failing", ConnectionError())
    await put(jobs, "failing")
    await queue.run_due()
    [measured] = await queue.measure()
    assert (measured.waiting, measured.failing, measured.oldest_due_seconds) == (1, 1, 0)
    await forget_jobs(jobs)


@pytest.mark.parametrize(
    ("fails", "outcome"),
    [(None, "succeeded"), (ConnectionRefusedError(), "put_off"), (KeyError(), "put_off"), (ValueError(), "failed")],
)
async def test_each_run_of_a_periodic_task_is_counted(fails: Exception | None, outcome: str) -> None:
    async def work() -> None:
        if fails is not None:
            raise fails

    growth = Growth("epoch_periodic_tasks_total", task="counted", outcome=outcome)
    await PeriodicTask(name="counted", cron="* * * * *", work=work, expected=(KeyError,)).run_once()
    assert growth.amount == 1
