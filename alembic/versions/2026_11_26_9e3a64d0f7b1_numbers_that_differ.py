"""Add the table of differences between our phone numbers and the carrier's list, for staff.

Revision ID: 9e3a64d0f7b1
Revises: 7c3e5a90d1f4
Create Date: 2026-11-26 01:40:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "9e3a64d0f7b1"
down_revision: str | None = "7c3e5a90d1f4"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TIME = sa.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "number_difference",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("e164", sa.Text(), nullable=False),
        sa.Column("carrier_sid", sa.Text(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("created_at", TIME, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_difference")),
        sa.UniqueConstraint("e164", "why", name=op.f("uq_number_difference_e164_why")),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON number_difference TO epoch_admin")
    op.execute("GRANT SELECT ON number_difference TO epoch_staff")


def downgrade() -> None:
    op.drop_table("number_difference")
