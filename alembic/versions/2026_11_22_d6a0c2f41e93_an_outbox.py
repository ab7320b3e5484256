"""Add the outbox: a table of background work, so that the work is done even if a worker dies after the commit.

Revision ID: d6a0c2f41e93
Revises: c4e19a7d5b30
Create Date: 2026-11-22 21:50:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "d6a0c2f41e93"
down_revision: str | None = "c4e19a7d5b30"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("given_up_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index(
        "ix_outbox_due", "outbox", ["kind", "due_at", "id"], postgresql_where=sa.text("given_up_at IS NULL")
    )
    # Requests only insert rows; only jobs read them.
    op.execute("GRANT INSERT ON outbox TO epoch_app")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON outbox TO epoch_admin")


def downgrade() -> None:
    op.drop_table("outbox")
