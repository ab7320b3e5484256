"""Limits how much runs at the same time for each key, such as an organization; the rest waits, or is refused."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager

from kit.errors import DomainError

REST_FACTOR = 2


class _Running:
    """The running and the waiting tasks of one key."""

    __slots__ = ("count", "waiters")

    def __init__(self) -> None:
        self.count = 0
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
        """``refusal`` makes the error for one too many, and for one that waited ``seconds``.

        While others of its key wait, a slot rests twice as long as it was held, at most ``max_pause`` seconds: so a key
        that always has more work uses a third of the time.
        """
        self._max_pause = max_pause
        self._refusal = refusal
        self._limit = limit
        self._max_waiting = max_waiting
        self._seconds = seconds
        self._running: dict[Hashable, _Running] = {}

    @asynccontextmanager
    async def slot(self, key: Hashable) -> AsyncIterator[Callable[[], None]]:
        """Hold one of the key's slots, until the end or a call of the function that this yields.

        Raises: the refusal, at once or after ``seconds``.
        """
        await self.acquire(key)
        loop = asyncio.get_running_loop()
        began = loop.time()
        is_held = True

        def give_back() -> None:
            nonlocal is_held
            if not is_held:
                return
            is_held = False
            pause = min(self._max_pause, REST_FACTOR * (loop.time() - began))
            if pause and self._running[key].waiters:
                loop.call_later(pause, self.release, key)
            else:
                self.release(key)

        try:
            yield give_back
        finally:
            give_back()

    async def acquire(self, key: Hashable) -> None:
        """Take a slot, which the caller must release. Raises: the refusal, as ``slot``."""
        running = self._running.get(key)
        if running is None:
            running = self._running[key] = _Running()
        if running.count < self._limit:
            running.count += 1
            return
        if len(running.waiters) >= self._max_waiting:
            raise self._refusal()
        await self._wait(key, running)

    def release(self, key: Hashable) -> None:
        """Give the slot to who waits longest for the key."""
        running = self._running[key]
        while running.waiters:
            waiter = running.waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
        running.count -= 1
        if running.count == 0:
            del self._running[key]

    async def _wait(self, key: Hashable, running: _Running) -> None:
        waiter = asyncio.get_running_loop().create_future()
        running.waiters.append(waiter)
        try:
            async with asyncio.timeout(self._seconds):
                await waiter
        except (TimeoutError, asyncio.CancelledError) as error:
            if waiter.done() and not waiter.cancelled():
                self.release(key)  # it came together with the end of the wait
            elif waiter in running.waiters:
                running.waiters.remove(waiter)
            if isinstance(error, TimeoutError):
                raise self._refusal() from None
            raise
