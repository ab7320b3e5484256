"""Add the table of call events whose call is not known yet; they wait there until the call is stored.

Revision ID: a4e8d17c3f52
Revises: e2b7465c90fd
Create Date: 2026-11-22 23:25:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "a4e8d17c3f52"
down_revision: str | None = "e2b7465c90fd"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "orphan_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("parent_sid", sa.Text(), nullable=False),
        sa.Column("leg_sid", sa.Text(), nullable=False),
        sa.Column("is_child", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("duration", sa.Integer(), nullable=True),
        sa.Column("sip_code", sa.Integer(), nullable=True),
        sa.Column("occurred_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orphan_event")),
        sa.UniqueConstraint(
            "parent_sid", "leg_sid", "kind", "sequence", name=op.f("uq_orphan_event_parent_sid_leg_sid_kind_sequence")
        ),
    )
    op.create_index(op.f("ix_orphan_event_created_at"), "orphan_event", ["created_at"])
    # Their organization is not known, so requests only insert rows, and only jobs read them.
    op.execute("GRANT INSERT ON orphan_event TO epoch_app")
    op.execute("GRANT SELECT, INSERT, DELETE ON orphan_event TO epoch_admin")


def downgrade() -> None:
    op.drop_table("orphan_event")
