"""A process that puts work into the outbox and kills itself at a chosen step.

Arguments: the point (``after-commit``, before the work was begun; ``at-work``), and the product's secret.
"""

import asyncio
import os
import signal
import sys
from datetime import timedelta

from kit.db.database import ADMIN_ROLE, REQUEST_ROLE, Database
from kit.jobs.queue import Item, Lane, Outbox


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def handle(_: Item) -> None:
    die()


async def main(point: str, secret: str) -> None:
    url = os.environ["EPOCH_DATABASE_URL"]
    outbox = Outbox(Database(url, role=ADMIN_ROLE), secret)
    outbox.add_lane(
        Lane(kind="work", handle=handle, handle_seconds=5, retry_seconds=(2,), give_up_after=timedelta(days=3))
    )
    requests = Database(url, role=REQUEST_ROLE)
    if point == "at-work":
        outbox.start()
    async with requests.sessions() as session, session.begin():
        outbox.put(session, "work", b"left behind")
    if point == "after-commit":
        die()
    await asyncio.Event().wait()


asyncio.run(main(*sys.argv[1:]))
