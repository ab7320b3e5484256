"""Soft rate limits per minute: counted in the process's memory, or in Valkey when it is configured.

Limits that protect money are counted in PostgreSQL (``kit.db.rate_limit``).
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

from kit.http.app_key import AppKey
from kit.limit_metrics import count_near_or_refused

WINDOW_SECONDS = 60
STORE_SECONDS = 0.25
"""Time limit of a request to the shared store (Valkey)."""
STORE_PAUSE_SECONDS = 5
"""The time for which the shared store is not used after it failed to respond."""
log = structlog.get_logger("epoch.ratelimit")


class RateLimiter(Protocol):
    """Counts uses of a key in one-minute windows."""

    async def hit(self, key: str, limit: int) -> int:
        """Count one use; return 0 when it is within ``limit``, else the seconds until the window ends."""
        ...

    async def peek(self, key: str, limit: int) -> int:
        """Return the same as ``hit`` would, without counting."""
        ...

    @property
    def is_degraded(self) -> bool:
        """True while the shared store does not respond."""
        ...


class MemoryRateLimiter:
    """Fixed windows in a dictionary. With several workers, each allows its share of the limit."""

    is_degraded = False

    def __init__(self, *, workers: int = 1, clock: Callable[[], float] = time.time) -> None:
        self._workers = workers
        self._clock = clock
        self._window = 0
        self._counts: dict[str, int] = {}

    async def hit(self, key: str, limit: int) -> int:
        counts = self._current()
        counts[key] = count = counts.get(key, 0) + 1
        count_near_or_refused(key, count, self._share(limit))
        return self._seconds_to_wait(count, limit)

    async def peek(self, key: str, limit: int) -> int:
        return self._seconds_to_wait(self._current().get(key, 0) + 1, limit)

    def _current(self) -> dict[str, int]:
        window = int(self._clock() // WINDOW_SECONDS)
        if window != self._window:
            self._window, self._counts = window, {}
        return self._counts

    def _seconds_to_wait(self, count: int, limit: int) -> int:
        if count <= self._share(limit):
            return 0
        return max(1, int((self._window + 1) * WINDOW_SECONDS - self._clock()))

    def _share(self, limit: int) -> int:
        """The part of ``limit`` that one worker allows."""
        return max(1, limit // self._workers)


class SharedRateLimiter:
    """Fixed windows in Valkey. While it does not respond, ``fallback`` counts instead."""

    def __init__(self, url: str, fallback: MemoryRateLimiter, *, clock: Callable[[], float] = time.monotonic) -> None:
        storage = cast("Storage", storage_from_string(f"async+{url}", implementation="valkey"))
        self._storage = storage
        self._limiter = FixedWindowRateLimiter(storage)
        self._fallback = fallback
        self._clock = clock
        self._paused_until = 0.0

    @property
    def is_degraded(self) -> bool:
        return self._clock() < self._paused_until

    async def hit(self, key: str, limit: int) -> int:
        wait = await self._call_store(self._hit_store, key, limit)
        return await self._fallback.hit(key, limit) if wait is None else wait

    async def peek(self, key: str, limit: int) -> int:
        wait = await self._call_store(self._limiter.test, key, limit)
        return await self._fallback.peek(key, limit) if wait is None else wait

    async def _hit_store(self, item: RateLimitItemPerMinute, key: str) -> bool:
        # As FixedWindowRateLimiter.hit, which does not return the count.
        count = await self._storage.incr(item.key_for(key), item.get_expiry())
        count_near_or_refused(key, count, item.amount)
        return bool(count <= item.amount)

    async def _call_store(
        self, method: Callable[[RateLimitItemPerMinute, str], Awaitable[bool]], key: str, limit: int
    ) -> int | None:
        """Return the seconds to wait, as ``hit`` does; None while the store does not respond.

        After a failure the store is not called for ``STORE_PAUSE_SECONDS``, so that few requests wait for it.
        """
        if self._clock() < self._paused_until:
            return None
        try:
            async with asyncio.timeout(STORE_SECONDS):
                item = RateLimitItemPerMinute(limit)
                return 0 if await method(item, key) else await self._seconds_left(item, key)
        except Exception as error:
            self._paused_until = self._clock() + STORE_PAUSE_SECONDS
            log.warning("rate_limit_store_unavailable", error=type(error).__name__)
            return None

    async def _seconds_left(self, item: RateLimitItemPerMinute, key: str) -> int:
        window = await self._limiter.get_window_stats(item, key)
        return max(1, int(window.reset_time - time.time()))


def build_rate_limiter(valkey_url: str | None, *, workers: int) -> RateLimiter:
    """The shared limiter when a store is configured, else a limiter of this process."""
    memory = MemoryRateLimiter(workers=workers)
    return memory if valkey_url is None else SharedRateLimiter(valkey_url, memory)


RATE_LIMITER: AppKey[RateLimiter] = AppKey("rate_limiter")
