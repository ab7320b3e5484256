"""Soft rate limits, by the minute: in this process's memory, or shared through Valkey when that is configured.

Limits that guard money are not here; they are counted in PostgreSQL.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Protocol, cast

import structlog
from limits import RateLimitItemPerMinute
from limits.aio.storage import Storage
from limits.aio.strategies import FixedWindowRateLimiter
from limits.storage import storage_from_string

WINDOW_SECONDS = 60
STORE_SECONDS = 0.25
"""How long a request waits for the shared store."""
AWAY_SECONDS = 5
"""How long a store that did not answer is left alone."""
log = structlog.get_logger("epoch.ratelimit")


class RateLimiter(Protocol):
    """Counts uses of a key in one-minute windows."""

    async def hit(self, key: str, limit: int) -> int:
        """Count one use; 0 when it is within ``limit``, else the seconds until the window ends."""
        ...

    async def peek(self, key: str, limit: int) -> int:
        """As ``hit``, without counting."""
        ...


class MemoryRateLimiter:
    """Fixed windows in a dictionary. With several workers each keeps its share of the limit."""

    def __init__(self, *, workers: int = 1, clock: Callable[[], float] = time.time) -> None:
        self._workers = workers
        self._clock = clock
        self._window = 0
        self._counts: dict[str, int] = {}

    async def hit(self, key: str, limit: int) -> int:
        counts = self._current()
        counts[key] = counts.get(key, 0) + 1
        return self._verdict(counts[key], limit)

    async def peek(self, key: str, limit: int) -> int:
        return self._verdict(self._current().get(key, 0) + 1, limit)

    def _current(self) -> dict[str, int]:
        window = int(self._clock() // WINDOW_SECONDS)
        if window != self._window:
            self._window, self._counts = window, {}
        return self._counts

    def _verdict(self, count: int, limit: int) -> int:
        if count <= max(1, limit // self._workers):
            return 0
        return max(1, int((self._window + 1) * WINDOW_SECONDS - self._clock()))


class SharedRateLimiter:
    """The same windows in Valkey. While it does not answer, this process's memory counts instead."""

    def __init__(self, url: str, fallback: MemoryRateLimiter, *, clock: Callable[[], float] = time.monotonic) -> None:
        storage = cast("Storage", storage_from_string(f"async+{url}", implementation="valkey"))
        self._limiter = FixedWindowRateLimiter(storage)
        self._fallback = fallback
        self._clock = clock
        self._away_until = 0.0

    async def hit(self, key: str, limit: int) -> int:
        wait = await self._ask(self._limiter.hit, key, limit)
        return await self._fallback.hit(key, limit) if wait is None else wait

    async def peek(self, key: str, limit: int) -> int:
        wait = await self._ask(self._limiter.test, key, limit)
        return await self._fallback.peek(key, limit) if wait is None else wait

    async def _ask(
        self, question: Callable[[RateLimitItemPerMinute, str], Awaitable[bool]], key: str, limit: int
    ) -> int | None:
        """The store's verdict, as of ``hit``; None while it is away. Nobody waits long for it, and few wait at all."""
        if self._clock() < self._away_until:
            return None
        try:
            async with asyncio.timeout(STORE_SECONDS):
                item = RateLimitItemPerMinute(limit)
                return 0 if await question(item, key) else await self._seconds_left(item, key)
        except Exception as error:
            self._away_until = self._clock() + AWAY_SECONDS
            log.warning("rate_limit_store_unavailable", error=type(error).__name__)
            return None

    async def _seconds_left(self, item: RateLimitItemPerMinute, key: str) -> int:
        window = await self._limiter.get_window_stats(item, key)
        return max(1, int(window.reset_time - time.time()))


def build_rate_limiter(valkey_url: str | None, *, workers: int) -> RateLimiter:
    """The shared limiter when a store is configured, else this process's own."""
    memory = MemoryRateLimiter(workers=workers)
    return memory if valkey_url is None else SharedRateLimiter(valkey_url, memory)
