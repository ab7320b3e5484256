"""Reads the Prometheus metrics of the test's own process: growth of values, names of series and labels."""

import importlib
from typing import Any

from prometheus_client import REGISTRY

from epoch.backlogs import backlog_collectors
from epoch.partition_metrics import PartitionCollector
from kit.db.replica_metrics import ReplicaCollector
from kit.jobs.backlog_metrics import BacklogCollector

PREFIX = "epoch_"


class Growth:
    """The growth of a metric since this object was made. Other tests of the process share the metric."""

    def __init__(self, name: str, **labels: str) -> None:
        self._name, self._labels = name, labels
        self._before = self._now()

    @property
    def amount(self) -> float:
        return self._now() - self._before

    def _now(self) -> float:
        return REGISTRY.get_sample_value(self._name, self._labels) or 0.0


def label_names() -> dict[str, set[str]]:
    """The label names of each of the product's series, by the series' name as Prometheus stores it."""
    # The module that a worker loads: its imports make all metrics.
    importlib.import_module("epoch.asgi")
    found: dict[str, set[str]] = {}
    registered: Any = REGISTRY._names_to_collectors
    for name, collector in registered.items():
        if name.startswith(PREFIX) and not name.endswith("_created"):
            found[name] = set(collector._labelnames)
    replica = ReplicaCollector(None)
    for collector in (BacklogCollector([]), *backlog_collectors(None), PartitionCollector(None), replica):
        found |= {family.name: set(getattr(family, "_labelnames", ())) for family in collector.collect()}
    for name in [name for name in found if name.endswith("_bucket")]:
        found[name].add("le")
    # Each worker makes this one when it begins to share its metrics.
    found[f"{PREFIX}worker"] = {"process_id"}
    return {name: labels for name, labels in found.items() if not _is_family(name, found)}


def _is_family(name: str, found: dict[str, set[str]]) -> bool:
    """True for the name of a counter or histogram itself, which has no series."""
    return f"{name}_total" in found or f"{name}_bucket" in found
