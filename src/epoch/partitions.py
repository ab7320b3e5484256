"""Defines the tables that are partitioned by month, creates missing partitions and finds faults of partitions."""

import datetime as dt

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from events.services import EVENT_RETENTION
from kit.clock import utc_now
from kit.db.database import Database
from kit.db.partitions import (
    PartitionedTable,
    PartitionGroup,
    maintain_partitions,
    months_to_create,
    old_suffixes,
    read_layout,
    suffix_of,
)

_DELIVERY_EVENT_FOREIGN_KEY = (
    "CONSTRAINT fk_webhook_delivery_event_id FOREIGN KEY (event_id)"
    " REFERENCES organization_event_{suffix} (id) ON DELETE CASCADE"
)
EVENTS = PartitionGroup(
    tables=(
        PartitionedTable(
            name="organization_event",
            key="id",
            local_constraints=(
                "CONSTRAINT pk_organization_event_{suffix} PRIMARY KEY (id)",
                "CONSTRAINT uq_organization_event_organization_id_sequence_{suffix} UNIQUE (organization_id, sequence)",
            ),
        ),
        PartitionedTable(
            name="webhook_delivery",
            key="event_id",
            local_constraints=(
                "CONSTRAINT pk_webhook_delivery_{suffix} PRIMARY KEY (id)",
                _DELIVERY_EVENT_FOREIGN_KEY,
            ),
        ),
    ),
    retention=EVENT_RETENTION,
)
GROUPS = (EVENTS,)
_REMEDY = "run `epoch migrate`, and keep a worker for jobs running"
_LATE_AFTER = dt.timedelta(days=2)
"""An old partition that still exists after this time is a fault."""


def is_partition(name: str) -> bool:
    """True when ``name`` is that of a partition, which the product creates and drops while it runs."""
    return any(group.is_partition(name) for group in GROUPS)


def is_only_on_partitions(constraint: str) -> bool:
    """True for a foreign key that the models declare and that each partition has, but not the partitioned table."""
    return any(group.has_local_constraint(constraint) for group in GROUPS)


async def create_missing(connection: AsyncConnection) -> None:
    """Create missing partitions over the ``connection`` of the tables' owner. Raises: LocksUnavailable."""
    for group in GROUPS:
        await maintain_partitions(connection, group, utc_now(), drops=False)


class PartitionState(msgspec.Struct, frozen=True):
    """The faults of the partitions of a group; months are the suffixes of their names."""

    table: str
    """The group's first table."""
    is_partitioned: bool
    unplaced: tuple[str, ...] = ()
    """Months that have rows in a default partition and no partition of their own yet."""
    missing: tuple[str, ...] = ()
    """The present month and the next one, if they have no partition."""
    late: tuple[str, ...] = ()
    """Partitions that should have been dropped."""


async def read_partition_states(database: Database, *, now: dt.datetime | None = None) -> list[PartitionState]:
    """The state of each group at ``now``, by default the present. The role of ``database`` must see all rows."""
    now, states = now or utc_now(), []
    async with database.sessions() as session:
        for group in GROUPS:
            layout = await read_layout(session, group)
            name = group.tables[0].name
            if layout is None:
                states.append(PartitionState(name, is_partitioned=False))
                continue
            unplaced = set(months_to_create(layout, group, now)).intersection(layout.unplaced)
            # A missing partition of a later month is no fault yet: the hourly job has a month to create it.
            missing = set(layout.missing(now, ahead=1)).difference(layout.unplaced)
            state = PartitionState(
                name,
                is_partitioned=True,
                unplaced=tuple(map(suffix_of, sorted(unplaced))),
                missing=tuple(map(suffix_of, sorted(missing))),
                late=tuple(old_suffixes(layout, group, now - _LATE_AFTER)),
            )
            states.append(state)
    return states


async def find_partition_faults(database: Database, *, now: dt.datetime | None = None) -> list[str]:
    """A sentence about each fault at ``now``, by default the present. The role of ``database`` must see all rows."""
    faults = []
    for state in await read_partition_states(database, now=now):
        name = state.table
        if not state.is_partitioned:
            faults.append(f"{name} is not partitioned by month: run `epoch migrate`")
        if state.unplaced:
            months = ", ".join(state.unplaced)
            faults.append(f"{name} has rows without a partition of their month ({months}): {_REMEDY}")
        elif state.missing:
            faults.append(f"{name} has no partition for {', '.join(state.missing)}: {_REMEDY}")
        if state.late:
            faults.append(f"{name} keeps old partitions ({', '.join(state.late)}): is a worker for jobs running?")
    return faults
