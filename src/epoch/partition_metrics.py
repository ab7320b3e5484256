"""Prometheus gauges about the tables that are partitioned by month, measured in the database when metrics are read."""

import asyncio
from collections.abc import Iterable, Mapping

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from epoch.partitions import read_partition_states
from kit.db.database import Database

_DESCRIPTIONS = {
    "epoch_partition_months_unplaced": "Months whose rows are in a default partition and not in one of their month.",
    "epoch_partition_months_missing": "Months, of the present and the next one, that have no partition.",
    "epoch_partition_months_late": "Months whose partitions should have been dropped two days ago or earlier.",
}


async def measure_partitions(database: Database) -> Mapping[str, float]:
    """The values of the gauges by their names; ``database`` must see all rows.

    Raises: an error of the database, or TimeoutError when it waits.
    """
    async with asyncio.timeout(database.connect_seconds):
        states = await read_partition_states(database)
    faults = (
        [state.unplaced for state in states],
        [state.missing for state in states],
        [state.late for state in states],
    )
    return {name: float(sum(map(len, months))) for name, months in zip(_DESCRIPTIONS, faults, strict=True)}


class PartitionCollector(Collector):
    """The gauges, without a value when the database did not answer."""

    def __init__(self, values: Mapping[str, float] | None) -> None:
        self._values = values

    def collect(self) -> Iterable[GaugeMetricFamily]:
        for name, description in _DESCRIPTIONS.items():
            family = GaugeMetricFamily(name, description)
            if self._values is not None:
                family.add_metric([], self._values[name])
            yield family
