"""Add the cost of incoming calls of the present day and month to the counters.

Revision ID: f8b5cd9ae463
Revises: e7a4bc89d352
Create Date: 2026-11-29 17:12:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "f8b5cd9ae463"
down_revision: str | None = "e7a4bc89d352"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("incoming_usage", sa.Column("day_micros", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("incoming_usage", sa.Column("month", sa.TIMESTAMP(timezone=True), server_default="1970-01-01 00:00:00+00", nullable=False))
    op.add_column("incoming_usage", sa.Column("month_micros", sa.BigInteger(), server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("incoming_usage", "month_micros")
    op.drop_column("incoming_usage", "month")
    op.drop_column("incoming_usage", "day_micros")
