"""Add outcome, note and tags to the table of calls.

Revision ID: c6e1a83d5f02
Revises: b2d7f04c9e31
Create Date: 2026-11-29 16:51:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision: str = "c6e1a83d5f02"
down_revision: str | None = "b2d7f04c9e31"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

COLUMNS = {"outcome": sa.Text(), "note": sa.Text(), "tags": ARRAY(sa.Text())}


def upgrade() -> None:
    for name, kind in COLUMNS.items():
        op.add_column("call", sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    for name in COLUMNS:
        op.drop_column("call", name)
