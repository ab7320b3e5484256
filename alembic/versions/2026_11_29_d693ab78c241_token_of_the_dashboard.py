"""Add the mark of the embed token that the dashboard uses for its own phone.

Revision ID: d693ab78c241
Revises: c582fa67b130
Create Date: 2026-11-29 17:10:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "d693ab78c241"
down_revision: str | None = "c582fa67b130"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("embed_token", sa.Column("for_dashboard", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column("embed_token", "for_dashboard")
