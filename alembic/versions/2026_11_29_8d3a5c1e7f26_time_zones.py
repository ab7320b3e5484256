"""Add the time zone of an organization.

Revision ID: 8d3a5c1e7f26
Revises: a6d0f2c81e57
Create Date: 2026-11-29 06:20:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "8d3a5c1e7f26"
down_revision: str | None = "a6d0f2c81e57"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    # Without a value the zone is that of the country, so existing organizations need none.
    op.add_column("organization", sa.Column("time_zone", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("organization", "time_zone")
