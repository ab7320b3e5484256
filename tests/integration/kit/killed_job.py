"""A process that enqueues a job and is killed at a chosen point, for the tests of the job queue.

Arguments: the point (``after-commit``, before the job was begun; ``at-work``), and the product's secret.
"""

import asyncio
import os
import signal
import sys
from datetime import timedelta

from kit.db.database import ADMIN_ROLE, REQUEST_ROLE, Database
from kit.jobs.queue import Job, JobHandler, JobQueue
from kit.secret_keys import SecretKeys


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def handle(_: Job) -> None:
    die()


async def main(point: str, secret: str) -> None:
    url = os.environ["EPOCH_DATABASE_URL"]
    queue = JobQueue(Database(url, role=ADMIN_ROLE), SecretKeys(secret))
    queue.add_handler(
        JobHandler(kind="work", handle=handle, timeout_seconds=5, retry_seconds=(2,), give_up_after=timedelta(days=3))
    )
    requests = Database(url, role=REQUEST_ROLE)
    if point == "at-work":
        queue.start()
    async with requests.sessions() as session, session.begin():
        await queue.enqueue(session, "work", b"left behind")
    if point == "after-commit":
        die()
    await asyncio.Event().wait()


asyncio.run(main(*sys.argv[1:]))
