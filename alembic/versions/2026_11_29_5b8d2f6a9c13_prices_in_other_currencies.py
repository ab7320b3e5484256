"""Add the carrier's prices of calls in other currencies than US dollars.

Revision ID: 5b8d2f6a9c13
Revises: e9b3a6f4c815
Create Date: 2026-11-29 03:00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "5b8d2f6a9c13"
down_revision: str | None = "e9b3a6f4c815"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("call", sa.Column("foreign_price_micros", sa.BigInteger(), nullable=True))
    op.add_column("call", sa.Column("foreign_currency", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("call", "foreign_currency")
    op.drop_column("call", "foreign_price_micros")
