"""Base class of background workers: leases due database rows to this process, and serves each row in a task."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Generic, Protocol, TypeVar
from uuid import UUID, uuid4

import structlog

from kit.db.outage import is_outage
from kit.failures import FAILURES

log = structlog.get_logger("epoch.jobs")


class LeasedRow(Protocol):
    """The columns of a leased row that its worker needs."""

    @property
    def id(self) -> UUID: ...


Row = TypeVar("Row", bound=LeasedRow)


class LeasedWork(ABC, Generic[Row]):
    """Runs in each process that runs jobs. Rows do not wait for each other; a row whose process dies is leased again.

    Subclasses define how rows are leased, served and released. Made once at start.
    """

    def __init__(self, name: str, *, max_rows: int, poll_seconds: float, renew_seconds: float) -> None:
        """``name`` is for reports; at most ``max_rows`` rows are served at a time.

        Due rows are looked for every ``poll_seconds``; leases are renewed every ``renew_seconds``.
        """
        self.name = name
        self.max_rows = max_rows
        self.owner = uuid4()
        """The id of this process in the leases."""
        self._poll_seconds = poll_seconds
        self._renew_seconds = renew_seconds
        self._serving: dict[UUID, tuple[Row, asyncio.Task[None]]] = {}
        self._row_ended = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @abstractmethod
    async def claim(self, limit: int) -> Sequence[Row]:
        """Lease up to ``limit`` due rows."""

    @abstractmethod
    async def serve(self, row: Row) -> None:
        """Do the work of a row and release its lease; after an exception the lease expires and the work is repeated."""

    @abstractmethod
    async def renew(self, row_ids: Collection[UUID]) -> None:
        """Renew the leases of the rows that are served."""

    @abstractmethod
    async def release_all(self) -> None:
        """Release all leases of this process, so that another one can continue at once."""

    @property
    def serving(self) -> Sequence[Row]:
        """The rows that are served now."""
        return [row for row, _ in self._serving.values()]

    def start(self) -> None:
        """Begin to serve rows, in the server's event loop."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Cancel the rows that are served, and release their leases for other processes."""
        tasks = [task for _, task in self._serving.values()] + ([self._task] if self._task else [])
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        if self._task is not None:
            self._task = None
            with suppress(Exception):
                await self.release_all()

    async def run_due(self) -> None:
        """Serve the rows that are due now, and wait until they are served."""
        while await self._claim():
            await asyncio.gather(*(task for _, task in self._serving.values()))

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        renewed = loop.time()
        while True:
            self._row_ended.clear()
            try:
                if loop.time() - renewed > self._renew_seconds:
                    renewed = loop.time()
                    if self._serving:
                        await self.renew(self._serving)
                await self._claim()
            except Exception as error:
                if is_outage(error):
                    log.warning("leased_work_waits_for_database", work=self.name, error=type(error).__name__)
                else:
                    FAILURES.report(error, where=self.name)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._poll_seconds):
                    await self._row_ended.wait()

    async def _claim(self) -> int:
        """Lease the due rows and begin to serve them; return their number."""
        free = self.max_rows - len(self._serving)
        if free <= 0:
            return 0
        claimed = await self.claim(free)
        for row in claimed:
            self._serving[row.id] = row, asyncio.create_task(self._serve(row))
        return len(claimed)

    async def _serve(self, row: Row) -> None:
        try:
            await self.serve(row)
        except Exception as error:
            FAILURES.report(error, where=self.name)
        finally:
            self._serving.pop(row.id, None)
            self._row_ended.set()
