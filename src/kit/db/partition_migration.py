"""Steps of migrations that divide a large table by months while it is read and written, and that undo it.

The rows that a table has become its first partition as they are: a constraint that was validated before says that all
of them, and those of the next weeks, are older than the partition's end. So nothing is read while the table is locked.
"""

import datetime as dt
import re

import sqlalchemy as sa
from alembic import op

from kit.db.lock_limits import LOCK_MILLISECONDS
from kit.db.migration_steps import validate_beside_writes
from kit.db.partitions import bound_of, month_after, month_of

_FIRST_MONTHS = 2
"""Months after the present one that begin behind the first partition: time enough for all steps of the migration."""
_COPY = "INSERT INTO {table}_merged SELECT * FROM {table}"
_BOUND = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def limit_first_partition(table: str, key: str, *, end: dt.date | None = None) -> None:
    """Let the rows of ``table`` be older than the end of its first partition, for ``validate_first_partition``."""
    month = end or month_after(month_of(dt.datetime.now(dt.UTC)), _FIRST_MONTHS)
    check = f"CHECK ({key} < '{bound_of(month)}')"
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {_limit(table)} {check} NOT VALID")


def validate_first_partition(table: str) -> None:
    """Check the rows of ``table`` beside reads and writes."""
    validate_beside_writes(table, _limit(table))


def forget_first_partition(table: str) -> None:
    """Undo ``limit_first_partition``."""
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {_limit(table)}")


def end_of_first_partition(table: str) -> dt.date:
    """The end that ``limit_first_partition`` chose for ``table``, also when its rows are in a partition by now.

    Without a database, as for a plan, the end that it would choose now.
    """
    query = "SELECT min(pg_get_constraintdef(oid)) FROM pg_constraint WHERE conname = :name AND contype = 'c'"
    found = op.get_bind().execute(sa.text(query).bindparams(name=_limit(table))).scalar()
    if found is None or (bound := _BOUND.search(str(found))) is None:
        return month_after(month_of(dt.datetime.now(dt.UTC)), _FIRST_MONTHS)
    milliseconds = int(bound[0].replace("-", "")[:12], 16)
    return month_of(dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC))


def make_first_partition(table: str, end: dt.date, indexes: tuple[str, ...]) -> str:
    """Rename ``table``, and those of its indexes whose names the divided table takes; return its name.

    From here to ``attach_first_partition`` everything has to be in one revision.
    """
    partition = f"{table}_before_{end:%Y_%m}"
    op.execute(f"-- squawk-ignore renaming-table\nALTER TABLE {table} RENAME TO {partition}")
    for index in indexes:
        op.execute(f"-- squawk-ignore renaming-object\nALTER INDEX {index} RENAME TO {index}_before")
    return partition


def attach_first_partition(table: str, partition: str, end: dt.date) -> None:
    """Give the rows of ``partition`` to ``table``; only through it they can be reached."""
    op.execute(f"ALTER TABLE {table} ATTACH PARTITION {partition} FOR VALUES FROM (MINVALUE) TO ('{bound_of(end)}')")


def merge_partitions(table: str) -> None:
    """Copy all rows into a plain table, which has no indexes, foreign keys, row-level security or grants.

    Reads and writes wait for it. A statement that began to wait before the copy was committed may not see its rows.
    Of two sessions that wait for each other this one gives up: repeat the downgrade then.
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
