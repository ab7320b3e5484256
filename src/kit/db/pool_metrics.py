"""Prometheus metrics of waits for a database connection, by pool. A caller who gets one at once costs nothing here.

All have labels: this module is loaded before a worker shares its metrics.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import sqlalchemy as sa
from prometheus_client import Counter, Histogram
from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry

SHORTEST_WAIT_SECONDS = 0.005
POOL_WAITS = Histogram(
    "epoch_database_pool_wait_seconds",
    "Seconds that a caller waited 5 ms or more for a connection because all of the pool's were in use, by pool.",
    ["pool"],
    buckets=(0.01, 0.025, 0.1, 0.5, 1.5, 3, 10, 30),
)
POOL_TIMEOUTS = Counter(
    "epoch_database_pool_timeouts",
    "Callers that got no connection in time, or were refused because they would not get one in time, by pool.",
    ["pool"],
)


class PoolMeter:
    """Measures the waits for connections of one pool."""

    def __init__(self, pool: str) -> None:
        self._waits = POOL_WAITS.labels(pool)
        self._timeouts = POOL_TIMEOUTS.labels(pool)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """A caller waits inside the ``with`` block."""
        began = time.monotonic()
        try:
            yield
        except (TimeoutError, sa.exc.TimeoutError):
            self.count_timeout()
            raise
        finally:
            self.add_wait(time.monotonic() - began)

    def add_wait(self, seconds: float) -> None:
        """Count a wait of ``SHORTEST_WAIT_SECONDS`` or more: counting a shorter one costs too much of an exchange."""
        if seconds >= SHORTEST_WAIT_SECONDS:
            self._waits.observe(seconds)

    def count_timeout(self) -> None:
        """Count a caller that gets no connection."""
        self._timeouts.inc()


@lru_cache
def meter_of(pool: str) -> PoolMeter:
    """The meter of the pools with that name."""
    return PoolMeter(pool)


class MeasuredQueuePool(AsyncAdaptedQueuePool):
    """SQLAlchemy's pool, which measures its waits under its ``logging_name``."""

    def _do_get(self) -> ConnectionPoolEntry:
        if self.checkedout() < self.size():
            return super()._do_get()
        with meter_of(self.logging_name or "").waiting():
            return super()._do_get()
