"""Index the calls that have an outcome, for the list by outcome and its counts.

Revision ID: e3b8d15f70a6
Revises: d9a4c7b16e58
Create Date: 2026-11-29 16:53:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from kit.db.migration_steps import create_index_concurrently

revision: str = "e3b8d15f70a6"
down_revision: str | None = "d9a4c7b16e58"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    create_index_concurrently(
        "ix_call_outcome",
        "call",
        ["organization_id", "outcome", sa.text("id DESC")],
        postgresql_include=["status", "started_at", "answered_at", "duration"],
        postgresql_where=sa.text("outcome IS NOT NULL"),
    )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_call_outcome", table_name="call", postgresql_concurrently=True)
