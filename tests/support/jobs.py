"""Reads, claims and deletes queued jobs, and lets time pass for them: the database's clock decides which are due."""

import datetime as dt
from uuid import uuid4

import sqlalchemy as sa
from pgqueuer.domain.types import QueueEntrypoint, QueueManagerId
from pgqueuer.ports.repository import EntrypointExecutionParameter

from kit.db.database import Database
from kit.jobs.connection import WorkerConnection
from kit.jobs.models import QueuedJob
from kit.jobs.queue import HEARTBEAT_TIMEOUT, queries_of

WORKER_IS_DEAD = HEARTBEAT_TIMEOUT + dt.timedelta(seconds=1)
"""After this time without a heartbeat, other workers may run the jobs of a killed worker."""


async def let_pass(jobs: Database, time: dt.timedelta) -> None:
    """Make all jobs, and the last heartbeats of their workers, older by ``time``."""
    columns = (QueuedJob.created_at, QueuedJob.due_at, QueuedJob.heartbeat, QueuedJob.updated_at)
    async with jobs.sessions() as session, session.begin():
        await session.execute(sa.update(QueuedJob).values({column: column - time for column in columns}))


async def queued_jobs(jobs: Database) -> list[QueuedJob]:
    """All unfinished and all permanently failed jobs, oldest first."""
    async with jobs.sessions() as session:
        return list(await session.scalars(sa.select(QueuedJob).order_by(QueuedJob.id)))


async def forget_jobs(jobs: Database) -> None:
    """Delete all queued jobs."""
    async with jobs.sessions() as session, session.begin():
        await session.execute(sa.delete(QueuedJob))


async def claim(jobs: Database, kind: str) -> int:
    """Claim a due job of ``kind`` as a worker would that is then killed; return the number of claimed jobs."""
    connection = WorkerConnection(jobs)
    claimed = await queries_of(connection).dequeue(
        batch_size=1,
        entrypoints={QueueEntrypoint(kind): EntrypointExecutionParameter(0)},
        queue_manager_id=QueueManagerId(uuid4()),
        global_concurrency_limit=None,
        heartbeat_timeout=HEARTBEAT_TIMEOUT,
    )
    await connection.close()
    return len(claimed)
