"""Soft rate limits, by the minute: in this process's memory, or shared through Valkey when that is configured.

Limits that guard money are not here; they are counted in PostgreSQL.
"""

import time
from collections.abc import Callable
from typing import Protocol, cast

import structlog
from limits import RateLimitItemPerMinute
from limits.aio.storage import Storage
from limits.aio.strategies import FixedWindowRateLimiter
from limits.storage import storage_from_string

WINDOW_SECONDS = 60
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

    def __init__(self, url: str, fallback: MemoryRateLimiter) -> None:
        storage = cast("Storage", storage_from_string(f"async+{url}", implementation="valkey"))
        self._limiter = FixedWindowRateLimiter(storage)
        self._fallback = fallback

    async def hit(self, key: str, limit: int) -> int:
        try:
            allowed = await self._limiter.hit(RateLimitItemPerMinute(limit), key)
            return 0 if allowed else await self._seconds_left(key, limit)
        except Exception as error:
            log.warning("rate_limit_store_unavailable", error=type(error).__name__)
            return await self._fallback.hit(key, limit)

    async def peek(self, key: str, limit: int) -> int:
        try:
            allowed = await self._limiter.test(RateLimitItemPerMinute(limit), key)
            return 0 if allowed else await self._seconds_left(key, limit)
        except Exception as error:
            log.warning("rate_limit_store_unavailable", error=type(error).__name__)
            return await self._fallback.peek(key, limit)

    async def _seconds_left(self, key: str, limit: int) -> int:
        window = await self._limiter.get_window_stats(RateLimitItemPerMinute(limit), key)
        return max(1, int(window.reset_time - time.time()))


def build_rate_limiter(valkey_url: str | None, *, workers: int) -> RateLimiter:
    """The shared limiter when a store is configured, else this process's own."""
    memory = MemoryRateLimiter(workers=workers)
    return memory if valkey_url is None else SharedRateLimiter(valkey_url, memory)
