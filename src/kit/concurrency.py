"""Limits the tasks that run at the same time for a key, such as an organization; further tasks wait or are refused."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager

from kit.errors import DomainError

PAUSE_FACTOR = 2
"""A released slot stays unused for this many times as long as it was held, while other tasks of its key wait."""


class _KeyTasks:
    """The running and the waiting tasks of one key."""

    __slots__ = ("running", "waiters")

    def __init__(self) -> None:
        self.running = 0
        self.waiters: deque[asyncio.Future[None]] = deque()


class KeyedConcurrency:
    """At most ``limit`` at a time for each key of this process; up to ``max_waiting`` more wait their turn.

    A waiting task holds no connection and uses no processor.
    """

    def __init__(
        self,
        refusal: Callable[[], DomainError],
        *,
        limit: int,
        max_waiting: int,
        seconds: float,
        max_pause: float = 0.0,
    ) -> None:
        """``refusal`` makes the error of a task that finds ``max_waiting`` others, or that waited ``seconds``.

        While other tasks of its key wait, a slot that is released pauses for ``PAUSE_FACTOR`` times as long as it was
        held, at most ``max_pause`` seconds: so a key that always has more tasks uses a third of the time.
        """
        self._max_pause = max_pause
        self._refusal = refusal
        self._limit = limit
        self._max_waiting = max_waiting
        self._seconds = seconds
        self._tasks: dict[Hashable, _KeyTasks] = {}

    @asynccontextmanager
    async def slot(self, key: Hashable) -> AsyncIterator[Callable[[], None]]:
        """Hold one of the key's slots until the block ends, or until it calls the function that this yields.

        Raises: the refusal, at once or after ``seconds``.
        """
        await self.acquire(key)
        loop = asyncio.get_running_loop()
        began = loop.time()
        is_held = True

        def release_once() -> None:
            nonlocal is_held
            if not is_held:
                return
            is_held = False
            pause = min(self._max_pause, PAUSE_FACTOR * (loop.time() - began))
            if pause and self._tasks[key].waiters:
                loop.call_later(pause, self.release, key)
            else:
                self.release(key)

        try:
            yield release_once
        finally:
            release_once()

    async def acquire(self, key: Hashable) -> None:
        """Take a slot, which the caller must release. Raises: the refusal, as ``slot``."""
        tasks = self._tasks.get(key)
        if tasks is None:
            tasks = self._tasks[key] = _KeyTasks()
        if tasks.running < self._limit:
            tasks.running += 1
            return
        if len(tasks.waiters) >= self._max_waiting:
            raise self._refusal()
        await self._wait(key, tasks)

    def release(self, key: Hashable) -> None:
        """Give the slot to the task that has waited longest for the key."""
        tasks = self._tasks[key]
        while tasks.waiters:
            waiter = tasks.waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
        tasks.running -= 1
        if tasks.running == 0:
            del self._tasks[key]

    async def _wait(self, key: Hashable, tasks: _KeyTasks) -> None:
        waiter = asyncio.get_running_loop().create_future()
        tasks.waiters.append(waiter)
        try:
            async with asyncio.timeout(self._seconds):
                await waiter
        except (TimeoutError, asyncio.CancelledError) as error:
            if waiter.done() and not waiter.cancelled():
                self.release(key)  # the slot was given to this task at the moment when its wait ended
            elif waiter in tasks.waiters:
                tasks.waiters.remove(waiter)
            if isinstance(error, TimeoutError):
                raise self._refusal() from None
            raise
