"""Prometheus metrics of all workers of a machine: shared through files in one folder, and rendered as text."""

import os
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from prometheus_client import REGISTRY, CollectorRegistry, Gauge, Metric, ProcessCollector, generate_latest, values
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

_FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""The library's name for the variable with the folder."""
_WORKER = "epoch_worker"
_FILE_KINDS = ("counter", "gauge_livesum", "histogram")
_FILE_BYTES = 1 << 20
"""The library's own size of a new file; all series of this product fit."""
_PROCESS_ID = "process_id"
# Annotated here, because the library has no types.
_value_class: Callable[[Callable[[], int]], Any] = values.MultiProcessValue
_collector: Callable[[CollectorRegistry | None], Collector] = MultiProcessCollector
_mark_dead: Callable[[int, str], None] = mark_process_dead
log = structlog.get_logger("epoch.metrics")


def share_metrics(folder: Path, slot: int) -> None:
    """Keep this process's metrics in ``folder``; to be called before the first metric without labels is created.

    A worker that gets the ``slot`` of a dead one continues its counters, so restarts add no files. Where the folder has
    no space for the files, the worker's metrics are not shared, and the log has a warning.
    """
    try:
        _allocate_files(folder, slot)
    except OSError as error:
        log.warning("metrics_not_shared", folder=str(folder), reason=error.strerror)
        return
    os.environ[_FOLDER_VARIABLE] = str(folder)
    values.ValueClass = _value_class(lambda: slot)
    running = Gauge(_WORKER, "1 for each worker that runs.", [_PROCESS_ID], multiprocess_mode="livesum")
    running.labels(os.getpid()).set(1)


def _allocate_files(folder: Path, slot: int) -> None:
    """Allocate the library's files: it maps them into memory, and a write without disk space ends the process.

    Raises: OSError.
    """
    if not hasattr(os, "posix_fallocate"):
        return
    for kind in _FILE_KINDS:
        with (folder / f"{kind}_{slot}.db").open("a+b") as file:
            os.posix_fallocate(file.fileno(), 0, _FILE_BYTES)


def forget_worker(folder: Path, slot: int) -> None:
    """Delete the gauges of a worker that ended; its counters stay."""
    _mark_dead(slot, str(folder))


def read_metrics(*collectors: Collector) -> bytes:
    """Prometheus text of all workers that share a folder, else of this process; and of ``collectors``."""
    registry = CollectorRegistry()
    for collector in collectors:
        registry.register(collector)
    return _read_workers() + generate_latest(registry)


def _read_workers() -> bytes:
    if _FOLDER_VARIABLE not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    registry.register(_WorkerProcesses(_collector(registry)))
    return generate_latest(registry)


class _WorkerProcesses(Collector):
    """Processor time, memory and open files of each worker, by process id."""

    def __init__(self, shared: Collector) -> None:
        self._shared = shared

    def collect(self) -> Iterable[Metric]:
        families: dict[str, Metric] = {}
        for process_id in self._process_ids():
            for found in ProcessCollector(pid=partial(str, process_id), registry=None).collect():
                family = families.setdefault(found.name, Metric(found.name, found.documentation, found.type))
                for sample in found.samples:
                    family.add_sample(sample.name, {_PROCESS_ID: process_id}, sample.value)
        return families.values()

    def _process_ids(self) -> list[str]:
        samples = [sample for family in self._shared.collect() if family.name == _WORKER for sample in family.samples]
        return [sample.labels[_PROCESS_ID] for sample in samples]
