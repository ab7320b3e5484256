"""Measures the backlogs of events, webhook deliveries and calls for HubSpot in the database, as Prometheus gauges."""

from collections.abc import Mapping, Sequence

from prometheus_client.registry import Collector

from crm.metrics import HUBSPOT_GAUGES
from events.metrics import EVENT_GAUGES
from kit.db.database import Database
from kit.db.measured_gauges import MeasuredCollector
from kit.http.app_key import AppKey
from webhooks.metrics import DELIVERY_GAUGES

_ALL_GAUGES = (EVENT_GAUGES, DELIVERY_GAUGES, HUBSPOT_GAUGES)


class Backlogs:
    """Measures all backlogs over one connection. Made once at start."""

    def __init__(self, database: Database) -> None:
        """``database`` must see all rows."""
        self._database = database

    async def measure(self) -> Mapping[str, float]:
        """The value of each gauge. Raises: an error of the database, or TimeoutError when it waits."""
        values: dict[str, float] = {}
        for gauges in _ALL_GAUGES:
            values |= await gauges.measure(self._database)
        return values


def backlog_collectors(values: Mapping[str, float] | None) -> Sequence[Collector]:
    """The gauges with their ``values``; without values when those are None, because the database did not answer."""
    return [MeasuredCollector(gauges, values) for gauges in _ALL_GAUGES]


BACKLOGS: AppKey[Backlogs] = AppKey("backlogs")
