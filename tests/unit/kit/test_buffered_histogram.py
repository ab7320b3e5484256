"""BufferedHistogram, a Prometheus histogram that counts later, reports the same values as the library's histogram."""

import pytest
from prometheus_client import CollectorRegistry, Histogram

from kit.buffered_histogram import BufferedHistogram
from support.waiting import wait_until

pytestmark = pytest.mark.anyio
BUCKETS = (0.1, 1, 10)
VALUES = (0.0, 0.1, 0.5, 1.0, 1.5, 10, 11)


def samples_of(histogram: Histogram) -> list[tuple[str, dict[str, str], float]]:
    return [
        (sample.name, sample.labels, sample.value)
        for family in histogram.collect()
        for sample in family.samples
        if not sample.name.endswith("_created")
    ]


async def test_it_tells_what_the_librarys_tells() -> None:
    ours = BufferedHistogram("seconds", "Text.", ["route"], buckets=BUCKETS, registry=CollectorRegistry())
    theirs = Histogram("seconds", "Text.", ["route"], buckets=BUCKETS, registry=CollectorRegistry())
    for route in ("a", "b"):
        for value in VALUES:
            ours.observe_later((route,), value)
            theirs.labels(route).observe(value)
    assert samples_of(ours) == samples_of(theirs)
    ours.observe_later(("a",), 1)
    theirs.labels("a").observe(1)
    assert samples_of(ours) == samples_of(theirs)


async def test_it_is_shared_though_nobody_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kit.buffered_histogram.FLUSH_SECONDS", 0.001)
    histogram = BufferedHistogram("seconds", "Text.", ["route"], buckets=BUCKETS, registry=CollectorRegistry())
    for _ in range(2):
        histogram.observe_later(("a",), 1)
        await wait_until(lambda: not histogram._pending)
    assert histogram.labels("a")._sum.get() == 2
