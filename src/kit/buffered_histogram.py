"""Prometheus histogram for hot paths: adds observations up in memory, and writes the sums every half second."""

import asyncio
from bisect import bisect_left
from collections.abc import Iterable
from typing import Any

from prometheus_client import Histogram, Metric

FLUSH_SECONDS = 0.5


class BufferedHistogram(Histogram):
    """A histogram with labels that writes its observations together, every ``FLUSH_SECONDS``.

    The library writes each observation into a file that all workers share, which costs 8 µs. Observations since the
    last flush are lost when the process is killed.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        """Takes the library's arguments. The library also calls it for the histogram of each set of labels."""
        super().__init__(*args, **options)
        self._pending: dict[tuple[str, ...], list[float]] = {}
        """By labels: the number of observations in each bucket, then the sum of their values."""

    def observe_later(self, labels: tuple[str, ...], value: float) -> None:
        """Add an observation with the values of ``labels``. Must be called in an event loop."""
        pending = self._pending.get(labels)
        if pending is None:
            if not self._pending:
                asyncio.get_running_loop().call_later(FLUSH_SECONDS, self.flush)
            pending = self._pending[labels] = [0.0] * (len(self._upper_bounds) + 1)
        pending[bisect_left(self._upper_bounds, value)] += 1
        pending[-1] += value

    def flush(self) -> None:
        """Write the pending observations."""
        pending, self._pending = self._pending, {}
        for labels, (*counts, total) in pending.items():
            self.labels(*labels).add_observations(counts, total)

    def collect(self) -> Iterable[Metric]:
        """Flush, then collect. The library calls this only in a process that shares no metrics with other workers."""
        self.flush()
        return super().collect()

    def add_observations(self, counts: Iterable[float], total: float) -> None:
        """Add many observations to the histogram of one set of labels: their number by bucket, and their sum."""
        self._sum.inc(total)
        for bucket, count in zip(self._buckets, counts, strict=True):
            if count:
                bucket.inc(count)
