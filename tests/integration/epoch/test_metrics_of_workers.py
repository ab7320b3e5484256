"""``/metrics`` of several workers: the sum of their counters, whichever of them answers, also after one has died."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from support.epoch_run import PATIENCE_SECONDS, Run, run_environ
from support.local_http import get_local, post_local

pytestmark = pytest.mark.slow
REFUSED = "epoch_carrier_callbacks_refused_total"
WORKERS, CALLBACKS, READS = 2, 20, 12
MEASURED = 'epoch_http_request_duration_seconds_count{route="voice_status",status="4xx"}'
FORGED = 'epoch_carrier_webhooks_total{kind="status",outcome="forged"}'
BEGUN = (
    'epoch_widget_requests_total{endpoint="exchange",outcome="service_unavailable"}',
    'epoch_carrier_webhooks_total{kind="outgoing",outcome="failed"}',
    'epoch_carrier_requests_total{method="GET",outcome="access_refused",resource="calls"}',
    'epoch_jobs_total{kind="mail",outcome="given_up"}',
    'epoch_periodic_tasks_total{outcome="failed",task="calls"}',
    'epoch_database_pool_timeouts_total{pool="requests"}',
    'epoch_database_pool_timeouts_total{pool="lookups"}',
    'epoch_rejection_alerts_total{threshold="rejections_pay_per_call"}',
    "epoch_calls_unchecked_total",
    "epoch_carrier_usage_alerts_total",
)


@pytest.fixture
def run(own_database_url: str, open_folder: Path) -> Iterator[Run]:
    environ = run_environ(own_database_url, open_folder / "data", EPOCH_WORKERS=str(WORKERS), EPOCH_DRAIN_SECONDS="0")
    started = Run(environ)
    yield started
    if started.process.poll() is None:
        started.end(signal.SIGTERM)


def read(run: Run, name: str) -> dict[str, float]:
    """The metric's values by process id; its key is empty where a metric has none."""
    # Each request is a connection of its own, which any worker may accept.
    text = get_local(f"{run.url}/metrics", timeout=PATIENCE_SECONDS).raise_for_status().text
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {sample.labels.get("process_id", ""): sample.value for sample in samples if sample.name == name}


def series(run: Run, name: str) -> float | None:
    """The value of one series, as Prometheus writes its name; None when there is none."""
    text = get_local(f"{run.url}/metrics", timeout=PATIENCE_SECONDS).raise_for_status().text
    found = [line.rpartition(" ")[2] for line in text.splitlines() if line.startswith(f"{name} ")]
    assert len(found) < 2, found
    return float(found[0]) if found else None


def send_unsigned_callbacks(run: Run) -> None:
    for _ in range(CALLBACKS):
        answer = post_local(f"{run.url}/voice/status", data={"CallSid": "CA0"}, timeout=PATIENCE_SECONDS)
        assert answer.status_code == 403


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.05)


def workers_of(run: Run) -> dict[str, float]:
    return {str(pid): 1.0 for pid in run.children("epoch.server.worker")}


def test_metrics_are_the_sum_of_all_workers_the_dead_included(run: Run) -> None:
    run.until("Ctrl-C")
    send_unsigned_callbacks(run)
    assert [read(run, REFUSED) for _ in range(READS)] == [{"": CALLBACKS}] * READS
    assert [series(run, FORGED) for _ in range(READS)] == [CALLBACKS] * READS
    # Workers share it twice a second.
    wait_until(lambda: series(run, MEASURED) == CALLBACKS)
    assert series(run, "epoch_database_up") == 1
    # Alerts watch these: they begin before their first event.
    for name in BEGUN:
        assert series(run, name) == 0, name
    before = workers_of(run)
    assert len(before) == WORKERS
    assert read(run, "epoch_worker") == before
    for name in ("process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds"):
        values = read(run, name)
        assert values.keys() == before.keys()
        assert all(value > 0 for value in values.values())

    dead = next(iter(before))
    os.kill(int(dead), signal.SIGKILL)
    wait_until(lambda: dead not in read(run, "epoch_worker"))
    assert read(run, REFUSED) == {"": CALLBACKS}

    wait_until(lambda: len(read(run, "epoch_worker")) == WORKERS)
    send_unsigned_callbacks(run)
    assert [read(run, REFUSED) for _ in range(READS)] == [{"": 2 * CALLBACKS}] * READS
    assert read(run, "epoch_worker") == workers_of(run)
