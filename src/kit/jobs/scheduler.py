"""Work that is repeated as long as the product runs, in one worker at a time."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Protocol

import sqlalchemy as sa
import structlog

from kit.db.database import Database, is_outage

log = structlog.get_logger("epoch.periodic")


class Background(Protocol):
    """A part that works beside the requests, from the application's start to its end."""

    def start(self) -> None: ...

    async def stop(self) -> None: ...


class Periodic:
    """A task of each worker; whichever has the lock works, so a worker that dies is replaced by the next."""

    def __init__(
        self,
        name: str,
        database: Database,
        work: Callable[[], Awaitable[None]],
        *,
        first_seconds: float,
        every_seconds: float,
        expected: tuple[type[Exception], ...] = (),
    ) -> None:
        """``expected``: what may keep the work from being done without being a mistake of ours."""
        self._name = name
        self._database = database
        self._work = work
        self._first_seconds = first_seconds
        self._every_seconds = every_seconds
        self._expected = expected
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def once(self) -> bool:
        """Do the work, unless another worker is at it: then False."""
        # The lock belongs to the connection, and no transaction stays open while the work is done.
        async with self._database.engine.connect() as connection:
            lock = await connection.execution_options(isolation_level="AUTOCOMMIT")
            key = sa.func.hashtext(f"epoch.{self._name}")
            if not await lock.scalar(sa.select(sa.func.pg_try_advisory_lock(key))):
                return False
            try:
                await self._work()
            finally:
                await lock.execute(sa.select(sa.func.pg_advisory_unlock(key)))
        return True

    async def _run(self) -> None:
        await asyncio.sleep(self._first_seconds)
        while True:
            try:
                await self.once()
            except self._expected as error:
                log.warning("work_put_off", work=self._name, error=str(error))
            except Exception as error:
                if is_outage(error):
                    log.warning("work_skipped", work=self._name, error=type(error).__name__)
                else:
                    log.error("work_failed", work=self._name, exc_info=error)
            await asyncio.sleep(self._every_seconds)
