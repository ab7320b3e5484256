"""Prometheus histogram for hot paths: observations become plain numbers, and are shared a moment later."""

import asyncio
from bisect import bisect_left
from collections.abc import Iterable
from typing import Any

from prometheus_client import Histogram, Metric

SHARE_SECONDS = 0.5


class BufferedHistogram(Histogram):
    """A histogram with labels whose observations of half a second are added together.

    The library writes each observation into a file that all workers share, which costs 8 µs; so a hot path counts in
    the process's memory. What a process counted in its last half second is lost when it is killed.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        """As the library's. It also makes the histograms of single labels, by the same class."""
        super().__init__(*args, **options)
        self._pending: dict[tuple[str, ...], list[float]] = {}
        """By labels: the number of observations in each bucket, then the sum of their values."""

    def count(self, labels: tuple[str, ...], value: float) -> None:
        """Add an observation with the values of ``labels``. Must be called in an event loop."""
        pending = self._pending.get(labels)
        if pending is None:
            if not self._pending:
                asyncio.get_running_loop().call_later(SHARE_SECONDS, self.share)
            pending = self._pending[labels] = [0.0] * (len(self._upper_bounds) + 1)
        pending[bisect_left(self._upper_bounds, value)] += 1
        pending[-1] += value

    def share(self) -> None:
        """Add what is pending to the metrics that are read."""
        counted, self._pending = self._pending, {}
        for labels, (*counts, total) in counted.items():
            self.labels(*labels).add_counted(counts, total)

    def collect(self) -> Iterable[Metric]:
        """As the library's, in a process that shares no metrics."""
        self.share()
        return super().collect()

    def add_counted(self, counts: Iterable[float], total: float) -> None:
        """Add many observations to the histogram of one set of labels: their number by bucket, and their sum."""
        self._sum.inc(total)
        for bucket, count in zip(self._buckets, counts, strict=True):
            if count:
                bucket.inc(count)
