"""Steps of migrations that partition a large table by month while it is read and written, and their reversal.

The present table becomes the first partition without a copy of its rows. An earlier revision validates a constraint by
which all its rows, and those of the next weeks, are older than the partition's end. So PostgreSQL reads no rows while
it locks the table.
"""

import datetime as dt
import re

import sqlalchemy as sa
from alembic import op

from kit.db.lock_limits import LOCK_MILLISECONDS
from kit.db.migration_steps import validate_constraint
from kit.db.partitions import bound_of, month_after, month_of

_MONTHS_TO_MIGRATE = 2
"""Months after the present one that the first partition also covers: time enough for all steps of the migration."""
_COPY = "INSERT INTO {table}_merged SELECT * FROM {table}"
_BOUND = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def limit_first_partition(table: str, key: str, *, end: dt.date | None = None) -> None:
    """Add the constraint that rows of ``table`` are older than the end of its first partition, not validated yet.

    ``end`` is by default the first day of the month after ``_MONTHS_TO_MIGRATE``.
    """
    month = end or month_after(month_of(dt.datetime.now(dt.UTC)), _MONTHS_TO_MIGRATE)
    check = f"CHECK ({key} < '{bound_of(month)}')"
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {_limit(table)} {check} NOT VALID")


def validate_first_partition(table: str) -> None:
    """Validate the constraint of ``limit_first_partition`` without blocking reads and writes."""
    validate_constraint(table, _limit(table))


def forget_first_partition(table: str) -> None:
    """Undo ``limit_first_partition``."""
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {_limit(table)}")


def end_of_first_partition(table: str) -> dt.date:
    """The end that ``limit_first_partition`` chose for ``table``, also when the table is already partitioned.

    Without a database (offline mode) the end that it would choose now.
    """
    query = "SELECT min(pg_get_constraintdef(oid)) FROM pg_constraint WHERE conname = :name AND contype = 'c'"
    found = op.get_bind().execute(sa.text(query).bindparams(name=_limit(table))).scalar()
    if found is None or (bound := _BOUND.search(str(found))) is None:
        return month_after(month_of(dt.datetime.now(dt.UTC)), _MONTHS_TO_MIGRATE)
    milliseconds = int(bound[0].replace("-", "")[:12], 16)
    return month_of(dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC))


def make_first_partition(table: str, end: dt.date, indexes: tuple[str, ...]) -> str:
    """Rename ``table`` and ``indexes``, whose names the partitioned table needs; return the partition's name.

    All steps from this one to ``attach_first_partition`` must be in the same revision.
    """
    partition = f"{table}_before_{end:%Y_%m}"
    op.execute(f"-- squawk-ignore renaming-table\nALTER TABLE {table} RENAME TO {partition}")
    for index in indexes:
        op.execute(f"-- squawk-ignore renaming-object\nALTER INDEX {index} RENAME TO {index}_before")
    return partition


def attach_first_partition(table: str, partition: str, end: dt.date) -> None:
    """Attach ``partition`` to ``table``."""
    op.execute(f"ALTER TABLE {table} ATTACH PARTITION {partition} FOR VALUES FROM (MINVALUE) TO ('{bound_of(end)}')")


def merge_partitions(table: str) -> None:
    """Replace the partitioned ``table`` by a plain one with all its rows, for downgrades.

    The plain table has no indexes, foreign keys, row-level security or grants. Reads and writes wait meanwhile; a
    statement that waits during the copy may not see its rows. In a deadlock this session gives up: then repeat the
    downgrade.
    """
    op.execute(f"SET LOCAL lock_timeout = {LOCK_MILLISECONDS}")
    op.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
    op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE TABLE {table}_merged (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)")
    op.execute(_COPY.format(table=table))
    op.execute(f"DROP TABLE {table}")
    op.execute(f"ALTER TABLE {table}_merged RENAME TO {table}")


def _limit(table: str) -> str:
    return f"ck_{table}_first_partition"
