"""Index calls by their end reason, for lists and counts.

Revision ID: e81b5d20c7f4
Revises: b9e4d27c6a10
Create Date: 2026-11-29 06:40:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "e81b5d20c7f4"
down_revision: str | None = "b9e4d27c6a10"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_index(
        "ix_call_end_reason",
        "call",
        ["organization_id", "end_reason", sa.text("id DESC")],
        postgresql_include=["status", "started_at"],
        postgresql_where=sa.text("end_reason IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_call_end_reason", table_name="call")
