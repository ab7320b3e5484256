"""Prometheus gauges of the read replica, as seen by the worker that serves the metrics request."""

from collections.abc import Iterable, Mapping

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from kit.db.replica import ReadReplica

_DESCRIPTIONS: Mapping[str, str] = {
    "epoch_database_replica_in_use": "1 while lists and reports read the replica, 0 while they read the database.",
    "epoch_database_replica_lag_seconds": "Seconds that the replica is behind; no value while it does not answer.",
}


class ReplicaCollector(Collector):
    """Collects the gauges; without values where there is no replica."""

    def __init__(self, replica: ReadReplica | None) -> None:
        self._replica = replica

    def collect(self) -> Iterable[GaugeMetricFamily]:
        replica = self._replica
        values = (None, None) if replica is None else (float(replica.is_in_use), replica.lag_seconds)
        for (name, description), value in zip(_DESCRIPTIONS.items(), values, strict=True):
            family = GaugeMetricFamily(name, description)
            if value is not None:
                family.add_metric([], value)
            yield family
