"""Prometheus metrics of waits for a database connection, by pool. Getting an idle connection is not measured.

All metrics have labels, because this module is loaded before the worker's metrics are set up for several processes.
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
        """Measure the ``with`` block, in which a caller waits for a connection."""
        began = time.monotonic()
        try:
            yield
        except (TimeoutError, sa.exc.TimeoutError):
            self.count_timeout()
            raise
        finally:
            self.add_wait(time.monotonic() - began)

    def add_wait(self, seconds: float) -> None:
        """Count a wait of ``SHORTEST_WAIT_SECONDS`` or more. Counting shorter waits would make exchanges too slow."""
        if seconds >= SHORTEST_WAIT_SECONDS:
            self._waits.observe(seconds)

    def count_timeout(self) -> None:
        """Count a caller that got no connection in time."""
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
