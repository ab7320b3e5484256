"""Add the carrier's dial status and error code to call events, and its error code to calls.

Revision ID: a61e9d70b4c2
Revises: 3c9e5b7d1f42
Create Date: 2026-11-28 21:20:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "a61e9d70b4c2"
down_revision: str | None = "3c9e5b7d1f42"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

EVENT_TABLES = ("call_event", "unmatched_event")


def upgrade() -> None:
    for table in EVENT_TABLES:
        op.add_column(table, sa.Column("dial_status", sa.Text(), nullable=True))
        op.add_column(table, sa.Column("error_code", sa.Integer(), nullable=True))
    op.add_column("call", sa.Column("carrier_error", sa.Integer(), nullable=True))
    op.execute("GRANT SELECT (carrier_error) ON call TO epoch_lookup")


def downgrade() -> None:
    op.drop_column("call", "carrier_error")
    for table in EVENT_TABLES:
        op.drop_column(table, "error_code")
        op.drop_column(table, "dial_status")
