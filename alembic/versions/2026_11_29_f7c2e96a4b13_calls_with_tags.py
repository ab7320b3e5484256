"""Index the calls that have tags, for the list filter by tag.

Revision ID: f7c2e96a4b13
Revises: e3b8d15f70a6
Create Date: 2026-11-29 16:54:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from kit.db.migration_steps import create_index_concurrently

revision: str = "f7c2e96a4b13"
down_revision: str | None = "e3b8d15f70a6"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    create_index_concurrently(
        "ix_call_tagged",
        "call",
        ["organization_id", sa.text("id DESC")],
        postgresql_where=sa.text("tags IS NOT NULL"),
    )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_call_tagged", table_name="call", postgresql_concurrently=True)
