"""The tables that are divided by months, and the faults of their partitions."""

import datetime as dt

from sqlalchemy.ext.asyncio import AsyncConnection

from events.services import EVENT_RETENTION
from kit.clock import utc_now
from kit.db.database import Database
from kit.db.partitions import (
    PartitionedTable,
    PartitionGroup,
    keep_partitions,
    old_suffixes,
    read_layout,
    suffix_of,
)

_EVENT_OF_A_DELIVERY = (
    "CONSTRAINT fk_webhook_delivery_event_id FOREIGN KEY (event_id)"
    " REFERENCES organization_event_{suffix} (id) ON DELETE CASCADE"
)
EVENTS = PartitionGroup(
    tables=(
        PartitionedTable(
            name="organization_event",
            key="id",
            own=(
                "CONSTRAINT pk_organization_event_{suffix} PRIMARY KEY (id)",
                "CONSTRAINT uq_organization_event_organization_id_sequence_{suffix} UNIQUE (organization_id, sequence)",
            ),
        ),
        PartitionedTable(
            name="webhook_delivery",
            key="event_id",
            own=(
                "CONSTRAINT pk_webhook_delivery_{suffix} PRIMARY KEY (id)",
                _EVENT_OF_A_DELIVERY,
            ),
        ),
    ),
    retention=EVENT_RETENTION,
)
GROUPS = (EVENTS,)
_REMEDY = "run `epoch migrate`, and keep a process that runs jobs"
_PATIENCE = dt.timedelta(days=2)
"""Partitions that are old for so long should have been dropped."""


def is_partition(name: str) -> bool:
    """True for a partition that is made and dropped while the product runs."""
    return any(group.is_partition(name) for group in GROUPS)


def is_only_on_partitions(constraint: str) -> bool:
    """True for a foreign key of the models that each partition has, and not the table."""
    return any(group.has_own(constraint) for group in GROUPS)


async def make_missing(connection: AsyncConnection) -> None:
    """Make the partitions that are missing, over the owner's ``connection``. Raises: LocksNotFree."""
    for group in GROUPS:
        await keep_partitions(connection, group, utc_now(), drops=False)


async def find_partition_faults(database: Database, *, now: dt.datetime | None = None) -> list[str]:
    """A sentence about each fault, now or at another time; ``database`` must see all rows."""
    now, faults = now or utc_now(), []
    async with database.sessions() as session:
        for group in GROUPS:
            layout = await read_layout(session, group)
            name = group.tables[0].name
            if layout is None:
                faults.append(f"{name} is not divided by months: run `epoch migrate`")
                continue
            if layout.unplaced:
                months = ", ".join(map(suffix_of, layout.unplaced))
                faults.append(f"{name} has rows without a partition of their month ({months}): {_REMEDY}")
            # The hourly job has a whole month to make the one after the next.
            elif months := ", ".join(map(suffix_of, layout.missing(now, ahead=1))):
                faults.append(f"{name} has no partition for {months}: {_REMEDY}")
            if late := old_suffixes(layout, group, now - _PATIENCE):
                faults.append(f"{name} keeps old partitions ({', '.join(late)}): is a process that runs jobs alive?")
    return faults
