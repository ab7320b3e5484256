"""Add the names of phone numbers, and the default number of an organization.

Revision ID: 3c9f61d8e2a7
Revises: c5d83a1f6e27
Create Date: 2026-11-29 16:55:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "3c9f61d8e2a7"
down_revision: str | None = "c5d83a1f6e27"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("phone_number", sa.Column("name", sa.Text(), server_default="", nullable=False))
    op.add_column("phone_number", sa.Column("is_default", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute("GRANT SELECT (name, is_default) ON phone_number TO epoch_lookup")


def downgrade() -> None:
    op.drop_column("phone_number", "is_default")
    op.drop_column("phone_number", "name")
