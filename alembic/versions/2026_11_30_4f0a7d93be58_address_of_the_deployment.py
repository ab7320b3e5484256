"""Add the public URL of the installation that uses the database.

Revision ID: 4f0a7d93be58
Revises: d7f05e3ab942
Create Date: 2026-11-30 00:10:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "4f0a7d93be58"
down_revision: str | None = "d7f05e3ab942"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("deployment", sa.Column("public_url", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("deployment", "public_url")
