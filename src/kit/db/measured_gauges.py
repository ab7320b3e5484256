"""Prometheus gauges whose values a database query measures when metrics are read; all workers give the same values."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from kit.db.database import Database


class MeasuredGauges:
    """Gauges without labels that one statement measures."""

    def __init__(self, statement: sa.Executable, descriptions: Mapping[str, str]) -> None:
        """``statement`` returns one row with a column for each gauge; ``descriptions`` has the gauges' help texts."""
        self.descriptions = descriptions
        self._statement = statement

    async def measure(self, database: Database) -> Mapping[str, float]:
        """The values by the gauges' names; ``database`` must see all rows.

        Raises: an error of the database, or TimeoutError when it waits.
        """
        async with asyncio.timeout(database.connect_seconds), database.sessions() as session:
            row = (await session.execute(self._statement)).mappings().one()
        return {name: float(row[name]) for name in self.descriptions}


class MeasuredCollector(Collector):
    """Collects the gauges with measured ``values``; without values when the database did not answer."""

    def __init__(self, gauges: MeasuredGauges, values: Mapping[str, float] | None) -> None:
        self._gauges = gauges
        self._values = values

    def collect(self) -> Iterable[GaugeMetricFamily]:
        for name, description in self._gauges.descriptions.items():
            family = GaugeMetricFamily(name, description)
            if self._values is not None:
                family.add_metric([], self._values[name])
            yield family


def seconds_since(time: sa.ColumnElement[Any]) -> sa.ColumnElement[float]:
    """Seconds since ``time``; 0 for null."""
    return sa.func.coalesce(sa.cast(sa.extract("epoch", sa.func.now() - time), sa.Double), 0.0)
