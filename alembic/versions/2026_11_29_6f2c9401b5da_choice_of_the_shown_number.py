"""Add an organization's rules for the choice of a call's caller id: the same number again, or the same area code.

Revision ID: 6f2c9401b5da
Revises: 5e1b83f0a4c9
Create Date: 2026-11-29 17:02:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "6f2c9401b5da"
down_revision: str | None = "5e1b83f0a4c9"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("calling_rules", sa.Column("sticky", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column("calling_rules", sa.Column("match_area_code", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column("calling_rules", "match_area_code")
    op.drop_column("calling_rules", "sticky")
