"""Store when a member last looked at the missed calls.

Revision ID: c582fa67b130
Revises: b471e956a02f
Create Date: 2026-11-29 17:09:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "c582fa67b130"
down_revision: str | None = "b471e956a02f"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("membership", sa.Column("missed_seen_at", sa.TIMESTAMP(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("membership", "missed_seen_at")
