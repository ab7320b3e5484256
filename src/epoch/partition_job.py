"""The hourly job that creates and drops monthly partitions and deletes old events, and the partitions' health check."""

import datetime as dt
from collections.abc import Mapping

import structlog

from epoch.partition_metrics import measure_partitions
from epoch.partitions import GROUPS, find_partition_faults
from events.models import OrganizationEvent
from events.services import EVENT_RETENTION
from kit.clock import utc_now
from kit.db.database import Database, owner_engine
from kit.db.partitions import (
    LocksUnavailable,
    PartitionGroup,
    maintain_partitions,
    months_to_create,
    old_suffixes,
    read_layout,
)
from kit.db.purge import PURGE_MAX_BATCHES, delete_in_batches
from kit.http.app_key import AppKey
from kit.ids import first_uuid7
from kit.jobs.scheduler import PeriodicTask

EVERY_HOUR = "17 * * * *"
MAX_EVENT_AGE = EVENT_RETENTION + dt.timedelta(days=31)
"""The greatest age of an event when its partition is dropped. Older events, in default partitions, are deleted."""
log = structlog.get_logger("epoch.partitions")


def build_partition_job(owner_url: str | None, database: Database) -> PeriodicTask:
    """The hourly job; ``database`` must see all rows, and ``owner_url`` connects as the tables' owner."""

    async def work() -> None:
        for group in GROUPS:
            await _maintain(group)
        is_expired = OrganizationEvent.id < first_uuid7(utc_now() - MAX_EVENT_AGE)
        table = OrganizationEvent.metadata.tables[OrganizationEvent.__tablename__]
        if deleted := await delete_in_batches(database, table, is_expired, batches=PURGE_MAX_BATCHES):
            log.info("old_events_deleted", rows=deleted)

    async def _maintain(group: PartitionGroup) -> None:
        if owner_url is None or not await _is_work_due(database, group):
            return
        engine = owner_engine(owner_url)
        try:
            async with engine.connect() as connection:
                changes = await maintain_partitions(connection, group, utc_now())
        finally:
            await engine.dispose()
        log.info("partitions_changed", table=group.tables[0].name, created=changes.created, dropped=changes.dropped)

    return PeriodicTask(name="partitions", cron=EVERY_HOUR, work=work, expected=(LocksUnavailable,))


async def _is_work_due(database: Database, group: PartitionGroup) -> bool:
    """True when partitions have to be created or dropped. In most hours it is False, and the owner does not connect."""
    now = utc_now()
    async with database.sessions() as session:
        layout = await read_layout(session, group)
    return layout is not None and bool(months_to_create(layout, group, now) or old_suffixes(layout, group, now))


class PartitionCheck:
    """Looks for faults of the partitions, for health checks and metrics. Made once at start."""

    def __init__(self, database: Database) -> None:
        """``database`` must see all rows."""
        self._database = database

    async def find_faults(self) -> list[str]:
        """A sentence about each fault. Raises: an error of the database."""
        return await find_partition_faults(self._database)

    async def measure(self) -> Mapping[str, float]:
        """The values of the gauges. Raises: an error of the database, or TimeoutError when it waits."""
        return await measure_partitions(self._database)


PARTITIONS: AppKey[PartitionCheck] = AppKey("partitions")
