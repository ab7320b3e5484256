"""Migration steps that block neither reads nor writes, so have no time limit: build an index, validate a constraint."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from kit.db.lock_limits import LOCK_MILLISECONDS, STATEMENT_MILLISECONDS


def create_index_concurrently(name: str, table: str, columns: Sequence[str | sa.TextClause], **options: Any) -> None:
    """Build an index while the table is read and written. It must be the only operation of its revision.

    It has no time limit: it waits for older transactions, and no transaction waits for it. An invalid index of an
    interrupted attempt is dropped first. ``options`` are those of ``op.create_index``.
    """
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")
        op.execute("SET statement_timeout = 0")
        op.drop_index(name, table_name=table, if_exists=True, postgresql_concurrently=True)
        op.create_index(name, table, list(columns), if_not_exists=True, postgresql_concurrently=True, **options)
        op.execute(f"SET lock_timeout = {LOCK_MILLISECONDS}")
        op.execute(f"SET statement_timeout = {STATEMENT_MILLISECONDS}")


def validate_constraint(table: str, constraint: str) -> None:
    """Check the existing rows of a large table without a time limit: reads and writes do not wait for it.

    It must be the only operation of its revision.
    """
    op.execute("SET LOCAL statement_timeout = 0")
    op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {constraint}")
