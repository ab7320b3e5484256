"""Add the index for the staff's search by the beginning of a user's name.

Revision ID: c41e7f90b2d8
Revises: 8d3a5c1e7f26
Create Date: 2026-11-29 06:45:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "c41e7f90b2d8"
down_revision: str | None = "8d3a5c1e7f26"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_index(
        "ix_user_account_name_prefix",
        "user_account",
        [sa.text("lower(name) text_pattern_ops")],
    )


def downgrade() -> None:
    op.drop_index("ix_user_account_name_prefix", "user_account")
