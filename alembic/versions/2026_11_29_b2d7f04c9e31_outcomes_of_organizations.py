"""Add each organization's list of call outcomes, and let the look-up role read it for the exchange.

Revision ID: b2d7f04c9e31
Revises: 7be2c90f4a15
Create Date: 2026-11-29 16:50:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "b2d7f04c9e31"
down_revision: str | None = "7be2c90f4a15"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "organization", sa.Column("call_outcomes", JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False)
    )
    op.execute("GRANT SELECT (call_outcomes) ON organization TO epoch_lookup")


def downgrade() -> None:
    op.drop_column("organization", "call_outcomes")
