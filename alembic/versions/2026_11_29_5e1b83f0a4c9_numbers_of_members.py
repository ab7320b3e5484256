"""Let each member have a separate caller id number.

Revision ID: 5e1b83f0a4c9
Revises: 4d0a72e9f3b8
Create Date: 2026-11-29 17:01:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "5e1b83f0a4c9"
down_revision: str | None = "4d0a72e9f3b8"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("membership", sa.Column("from_number_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column("membership", "from_number_id")
