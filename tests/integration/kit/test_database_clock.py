"""Processes take the time from the database's clock, and ``epoch doctor`` reports a machine whose clock differs."""

import asyncio
import datetime as dt
from datetime import timedelta

import pytest
import sqlalchemy as sa

from epoch.cli.doctor import run_checks
from kit.clock import CLOCK, Clock, utc_now
from kit.db.database import Database
from kit.jobs.queue import Job, JobHandler, JobQueue
from kit.secret_keys import SecretKeys
from kit.settings import Settings
from support.jobs import let_pass, queued_jobs

pytestmark = pytest.mark.anyio
SECRET = SecretKeys("s" * 32)


@pytest.fixture(params=[timedelta(minutes=2), timedelta(minutes=10), timedelta(minutes=-10)], ids=str)
def shifted(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> timedelta:
    """This process on a machine whose clock is wrong by some minutes."""
    wrong: timedelta = request.param
    monkeypatch.setattr(Clock, "machine_now", lambda _: dt.datetime.now(dt.UTC) + wrong)
    monkeypatch.setattr(CLOCK, "skew", timedelta())
    return wrong


async def test_the_time_is_the_databases_once_a_connection_is_open(shifted: timedelta, jobs: Database) -> None:
    async with jobs.sessions() as session:
        await session.execute(sa.select(1))
    assert abs(utc_now() - dt.datetime.now(dt.UTC)) < timedelta(seconds=60)
    assert abs(CLOCK.skew + shifted) < timedelta(seconds=60)


async def test_a_job_runs_once_and_is_not_given_up_early_on_a_machine_with_a_wrong_clock(
    shifted: timedelta, jobs: Database
) -> None:
    attempts: list[int] = []

    async def fail_once(job: Job) -> None:
        attempts.append(job.attempt)
        if job.attempt == 1:
            raise ConnectionError

    queue = JobQueue(jobs, SECRET)
    queue.add_handler(
        JobHandler(
            kind="work",
            handle=fail_once,
            timeout_seconds=60,
            retry_seconds=(2,),
            give_up_after=timedelta(minutes=5),
        )
    )
    other = JobQueue(jobs, SECRET)
    other.add_handler(queue._handlers["work"])
    async with jobs.sessions() as session, session.begin():
        await queue.enqueue(session, "work", b"one")
    await asyncio.gather(queue.run_due(), other.run_due())
    assert attempts == [1]
    await let_pass(jobs, timedelta(seconds=3))
    await asyncio.gather(queue.run_due(), other.run_due())
    assert attempts == [1, 2]
    assert await queued_jobs(jobs) == []


async def test_doctor_reports_a_clock_that_differs_from_the_databases(shifted: timedelta, settings: Settings) -> None:
    findings = {finding.part: finding for finding in await run_checks(settings)}
    assert not findings["database clock"].ok
    assert "set both clocks" in findings["database clock"].detail


def test_a_difference_within_the_networks_doubt_is_left_alone() -> None:
    clock, now = Clock(), dt.datetime.now(dt.UTC)
    clock.measure_skew(now + timedelta(milliseconds=400), asked_at=now, answered_at=now + timedelta(milliseconds=2))
    assert abs(clock.now() - clock.machine_now()) < timedelta(milliseconds=100)
    clock.measure_skew(now + timedelta(seconds=90), asked_at=now, answered_at=now + timedelta(milliseconds=2))
    assert clock.now() - clock.machine_now() > timedelta(seconds=80)
    clock.measure_skew(now + timedelta(seconds=4), asked_at=now, answered_at=now + timedelta(seconds=10))
    assert clock.skew > timedelta(seconds=80)
