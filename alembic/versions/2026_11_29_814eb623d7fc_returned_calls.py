"""Store on a missed call when it was missed, and the later call that reached its caller.

Revision ID: 814eb623d7fc
Revises: b52d8fa1e3c9
Create Date: 2026-11-29 17:05:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "814eb623d7fc"
down_revision: str | None = "b52d8fa1e3c9"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("call", sa.Column("missed_at", sa.TIMESTAMP(timezone=True), nullable=True))
    op.add_column("call", sa.Column("returned_at", sa.TIMESTAMP(timezone=True), nullable=True))
    op.add_column("call", sa.Column("returned_call_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column("call", "returned_call_id")
    op.drop_column("call", "returned_at")
    op.drop_column("call", "missed_at")
