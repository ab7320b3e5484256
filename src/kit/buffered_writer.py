"""Base class of buffers whose contents are written to the database every few seconds, such as counters."""

import abc
import asyncio
import contextlib

from kit.failures import FAILURES

FLUSH_SECONDS = 5


class BufferedWriter(abc.ABC):
    """Flushes its buffer every few seconds and when it stops."""

    def __init__(self, *, name: str) -> None:
        """``name`` is that of the table that is written, for the log."""
        self._name = name
        self._task: asyncio.Task[None] | None = None

    @abc.abstractmethod
    async def flush(self) -> None:
        """Write the buffer."""

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self.flush()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            try:
                await self.flush()
            except Exception as error:
                FAILURES.report(error, where=f"flush of {self._name}")
