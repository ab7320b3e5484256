"""Index incoming calls, for lists and counts of missed calls.

Revision ID: f704b1adc523
Revises: e6f3a09cb412
Create Date: 2026-11-29 16:53:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from kit.db.migration_steps import create_index_concurrently

revision: str = "f704b1adc523"
down_revision: str | None = "e6f3a09cb412"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    create_index_concurrently(
        "ix_call_inbound",
        "call",
        ["organization_id", sa.text("id DESC")],
        postgresql_include=["from_number", "status", "started_at"],
        postgresql_where=sa.text("direction = 'inbound'"),
    )


def downgrade() -> None:
    op.drop_index("ix_call_inbound", table_name="call")
