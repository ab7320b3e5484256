"""Monthly partitions of tables with a UUIDv7 as partition key: created ahead, and dropped when all rows are old.

The tables of a group have partitions for the same months, because rows of one table may refer to rows of another table.
See docs/decisions/0290. A partition's name ends with its suffix: ``2026_11`` for a month, or ``before_2026_11`` for the
first partition, which has all rows before that month.
"""

import asyncio
import datetime as dt
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial

import asyncpg
import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from kit.db.database import ADMIN_ROLE
from kit.db.lock_limits import LOCK_MILLISECONDS
from kit.ids import first_uuid7

MONTHS_AHEAD = 2
"""The number of months for which partitions are created ahead."""
LOCK_ATTEMPTS = 20
LOCK_PAUSE_SECONDS = 1.0
_SUFFIX = re.compile(r"(?P<before>before_)?(?P<year>\d{4})_(?P<month>\d{2})")
_OLDEST_MONTH = dt.date(2020, 1, 1)
"""No id of the product is older; an id that seems older is no UUIDv7."""
_TABLES = sa.text("""
    SELECT c.relname, i.inhrelid IS NOT NULL FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND starts_with(c.relname, :prefix)
""")
# With CAST, because two colons together would be read as a parameter's.
_UNPLACED_MONTHS = """
    SELECT DISTINCT CAST(date_trunc('month', to_timestamp(
        CAST(CAST('x' || left(replace(CAST({key} AS text), '-', ''), 12) AS bit(48)) AS bigint) / 1000.0
    ) AT TIME ZONE 'UTC') AS date)
    FROM {default} WHERE {key} >= CAST(:oldest AS uuid) AND {key} < CAST(:newest AS uuid)
"""
_OF_MONTH = "FROM {default} WHERE {key} >= '{first}' AND {key} < '{end}'"
_COPY = "INSERT INTO {name}_{suffix} SELECT * " + _OF_MONTH
_DELETE = "DELETE " + _OF_MONTH
_IS_PARTITIONED = sa.text("SELECT relkind = 'p' FROM pg_class WHERE oid = to_regclass(:name)")


class LocksUnavailable(Exception):
    """Other sessions held locks on the tables; the next run tries again."""


class PartitionedTable(msgspec.Struct, frozen=True):
    """A table that is partitioned by month."""

    name: str
    key: str
    """The partition key, a column of UUIDv7."""
    local_constraints: tuple[str, ...] = ()
    """Constraints that each partition has and the table cannot have; ``{suffix}`` becomes the partition's suffix."""

    @property
    def default(self) -> str:
        """The name of the default partition, which has the rows of months without a partition."""
        return f"{self.name}_default"


class PartitionGroup(msgspec.Struct, frozen=True):
    """Tables whose partitions are for the same months. A table comes after the tables that it refers to."""

    tables: tuple[PartitionedTable, ...]
    retention: dt.timedelta
    """A partition is dropped when every row that it may have is older than this."""

    def is_partition(self, name: str) -> bool:
        """True for the name of a partition of one of the tables, except default partitions."""
        return any(
            name.startswith(f"{table.name}_") and _SUFFIX.fullmatch(name.removeprefix(f"{table.name}_"))
            for table in self.tables
        )

    def has_local_constraint(self, constraint: str) -> bool:
        """True for the name of a constraint that the partitions of a table have and the table cannot have."""
        return any(
            local.startswith(f"CONSTRAINT {constraint} ") for table in self.tables for local in table.local_constraints
        )


class PartitionChanges(msgspec.Struct, frozen=True):
    """The suffixes of the partitions that a run created or dropped."""

    created: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


class PartitionLayout(msgspec.Struct, frozen=True):
    """The suffixes of a group's partitions."""

    attached: frozenset[str]
    """Suffixes for which every table has an attached partition."""
    detached: frozenset[str]
    """Suffixes of detached partitions: a run was interrupted before it dropped them."""
    unplaced: tuple[dt.date, ...] = ()
    """The months of rows in default partitions."""

    def missing(self, now: dt.datetime, *, ahead: int = MONTHS_AHEAD) -> Iterator[dt.date]:
        """Months that need a partition: the present one, ``ahead`` months after it, and the ``unplaced`` ones."""
        present = month_of(now)
        needed = {month_after(present, count) for count in range(ahead + 1)} | set(self.unplaced)
        end_of_first = max(
            (end_of(suffix) for suffix in self.attached if suffix.startswith("before_")), default=_OLDEST_MONTH
        )
        yield from (
            month for month in sorted(needed) if month >= end_of_first and suffix_of(month) not in self.attached
        )


def month_of(moment: dt.datetime) -> dt.date:
    """The first day of the month of ``moment``, in UTC."""
    return moment.astimezone(dt.UTC).date().replace(day=1)


def month_after(month: dt.date, count: int = 1) -> dt.date:
    """The first day of the month that comes ``count`` months later."""
    months = month.year * 12 + month.month - 1 + count
    return dt.date(months // 12, months % 12 + 1, 1)


def suffix_of(month: dt.date) -> str:
    """The suffix of a month's partitions."""
    return f"{month:%Y_%m}"


def end_of(suffix: str) -> dt.date:
    """The day at which the range of a partition with this suffix ends; excluded from it. Raises: ValueError."""
    if (found := _SUFFIX.fullmatch(suffix)) is None:
        raise ValueError(suffix)
    month = dt.date(int(found["year"]), int(found["month"]), 1)
    return month if found["before"] else month_after(month)


def bound_of(month: dt.date) -> str:
    """The smallest id of a month."""
    return str(first_uuid7(dt.datetime(month.year, month.month, 1, tzinfo=dt.UTC)))


async def read_layout(session: AsyncConnection | AsyncSession, group: PartitionGroup) -> PartitionLayout | None:
    """The partitions that exist; None while the tables are not partitioned. The session's role must see all rows."""
    attached_by_table: list[set[str]] = []
    detached: set[str] = set()
    for table in group.tables:
        if not await session.scalar(_IS_PARTITIONED, {"name": table.name}):
            return None
        attached: set[str] = set()
        for name, is_attached in await session.execute(_TABLES, {"prefix": f"{table.name}_"}):
            if _SUFFIX.fullmatch(suffix := name.removeprefix(f"{table.name}_")):
                (attached if is_attached else detached).add(suffix)
        attached_by_table.append(attached)
    unplaced = [month for table in group.tables for month in await _unplaced_months(session, table)]
    complete = frozenset(set.intersection(*attached_by_table))
    return PartitionLayout(complete, frozenset(detached), tuple(sorted(set(unplaced))))


async def _unplaced_months(session: AsyncConnection | AsyncSession, table: PartitionedTable) -> Sequence[dt.date]:
    """The months of rows in the default partition, except of ids before ``_OLDEST_MONTH`` or in the far future."""
    query = _UNPLACED_MONTHS.format(key=table.key, default=table.default)
    ahead = month_after(month_of(dt.datetime.now(dt.UTC)), MONTHS_AHEAD + 1)
    bounds = {"oldest": bound_of(_OLDEST_MONTH), "newest": bound_of(ahead)}
    return list(await session.scalars(sa.text(query), bounds))


async def maintain_partitions(
    connection: AsyncConnection, group: PartitionGroup, now: dt.datetime, *, drops: bool = True
) -> PartitionChanges:
    """Create missing partitions and, if ``drops``, drop old ones; each month in a separate short transaction.

    ``connection`` is the owner's. Several processes may run this at the same time. Raises: LocksUnavailable.
    """
    layout = await _read_as_admin(connection, group)
    if layout is None:
        return PartitionChanges()
    created, dropped = [], []
    for month in months_to_create(layout, group, now):
        await _with_locks(connection, partial(_create, connection, group, month))
        created.append(suffix_of(month))
    for suffix in old_suffixes(layout, group, now) if drops else ():
        # In two transactions: dropping locks the tables that the partitions refer to, but not the partitioned table.
        await _with_locks(connection, partial(_detach, connection, group, suffix))
        await _with_locks(connection, partial(_drop, connection, group, suffix))
        dropped.append(suffix)
    return PartitionChanges(tuple(created), tuple(dropped))


def months_to_create(layout: PartitionLayout, group: PartitionGroup, now: dt.datetime) -> list[dt.date]:
    """The missing months, except those that are old enough to be dropped: their rows stay in the default partition."""
    oldest = (now - group.retention).date()
    return [month for month in layout.missing(now) if end_of(suffix_of(month)) > oldest]


def old_suffixes(layout: PartitionLayout, group: PartitionGroup, now: dt.datetime) -> list[str]:
    """The suffixes of partitions, attached or not, whose rows are all older than the retention; the oldest first."""
    oldest = (now - group.retention).date()
    return sorted((s for s in layout.attached | layout.detached if end_of(s) <= oldest), key=end_of)


async def _read_as_admin(connection: AsyncConnection, group: PartitionGroup) -> PartitionLayout | None:
    """The layout, read by the admin role: row-level security hides the rows from the owner."""
    async with connection.begin():
        await connection.execute(sa.text(f"SET LOCAL ROLE {ADMIN_ROLE}"))
        return await read_layout(connection, group)


async def _with_locks(connection: AsyncConnection, work: Callable[[], Awaitable[None]]) -> None:
    """Run ``work`` in a transaction with a short lock time-out, because other sessions queue behind a waiting lock."""
    for attempt in range(LOCK_ATTEMPTS):
        try:
            async with connection.begin():
                await connection.execute(sa.text(f"SET LOCAL lock_timeout = {LOCK_MILLISECONDS}"))
                await connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext('epoch.partitions'))"))
                await work()
        except DBAPIError as error:
            cause = error.orig.__cause__ if error.orig is not None else None
            if not isinstance(cause, (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError)):
                raise
            if attempt + 1 == LOCK_ATTEMPTS:
                raise LocksUnavailable("the tables are in use by long transactions") from error
            await asyncio.sleep(LOCK_PAUSE_SECONDS)
        else:
            return


async def _create(connection: AsyncConnection, group: PartitionGroup, month: dt.date) -> None:
    """Create a month's partitions, and move the rows of that month there from the default partitions."""
    suffix, bounds = suffix_of(month), (bound_of(month), bound_of(month_after(month)))
    # Locked first: a transaction that adds rows to one default partition may add rows to the others too.
    defaults = ", ".join(table.default for table in group.tables)
    await _execute(connection, f"LOCK TABLE {defaults} IN ACCESS EXCLUSIVE MODE")
    if await _attached(connection, group.tables[0].name, suffix):
        return
    for table in group.tables:
        like = f"(LIKE {table.name} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"
        await _execute(connection, f"CREATE TABLE {table.name}_{suffix} {like}")
        for constraint in table.local_constraints:
            clause = constraint.format(suffix=suffix, name=table.name)
            await _execute(connection, f"ALTER TABLE {table.name}_{suffix} ADD {clause}")
        # Row-level security with FORCE also hides the default partition's rows from the owner, who has no policy.
        await _execute(connection, f"ALTER TABLE {table.default} NO FORCE ROW LEVEL SECURITY")
    await _move(connection, group, suffix, bounds)
    for table in group.tables:
        partition = f"{table.name}_{suffix}"
        await _execute(connection, f"ALTER TABLE {table.default} FORCE ROW LEVEL SECURITY")
        await _execute(connection, f"ALTER TABLE {partition} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        first, end = bounds
        attach = f"ALTER TABLE {table.name} ATTACH PARTITION {partition} FOR VALUES FROM ('{first}') TO ('{end}')"
        await _execute(connection, attach)


async def _move(connection: AsyncConnection, group: PartitionGroup, suffix: str, bounds: tuple[str, str]) -> None:
    """Move a month's rows out of the default partitions: copy rows that others refer to first, and delete them last."""
    steps = [(_COPY, table) for table in group.tables] + [(_DELETE, table) for table in reversed(group.tables)]
    for step, table in steps:
        rows = {"default": table.default, "key": table.key, "first": bounds[0], "end": bounds[1]}
        await _execute(connection, step.format(name=table.name, suffix=suffix, **rows))


async def _detach(connection: AsyncConnection, group: PartitionGroup, suffix: str) -> None:
    # Locked in the order in which writers lock the tables, so that the two cannot deadlock.
    for table in group.tables:
        await _execute(connection, f"LOCK TABLE ONLY {table.name} IN ACCESS EXCLUSIVE MODE")
    for table in reversed(group.tables):
        if await _attached(connection, table.name, suffix):
            await _execute(connection, f"ALTER TABLE {table.name} DETACH PARTITION {table.name}_{suffix}")


async def _drop(connection: AsyncConnection, group: PartitionGroup, suffix: str) -> None:
    for table in reversed(group.tables):
        await _execute(connection, f"DROP TABLE IF EXISTS {table.name}_{suffix}")


async def _attached(connection: AsyncConnection, table: str, suffix: str) -> bool:
    query = sa.text("SELECT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = to_regclass(:name))")
    return bool(await connection.scalar(query, {"name": f"{table}_{suffix}"}))


async def _execute(connection: AsyncConnection, statement: str) -> None:
    await connection.exec_driver_sql(statement)
