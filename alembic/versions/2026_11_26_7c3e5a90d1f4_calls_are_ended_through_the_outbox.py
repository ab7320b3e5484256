"""Add the subject of work to the outbox, such as the call to end, and to the pause whether it ends live calls.

Revision ID: 7c3e5a90d1f4
Revises: 5d92b7f10c3e
Create Date: 2026-11-26 01:10:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "7c3e5a90d1f4"
down_revision: str | None = "5d92b7f10c3e"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("subject", sa.Uuid(), nullable=True))
    op.create_index("ix_outbox_subject", "outbox", ["subject"], postgresql_where=sa.text("subject IS NOT NULL"))
    op.add_column(
        "calling_pause", sa.Column("ends_live_calls", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )


def downgrade() -> None:
    op.drop_column("calling_pause", "ends_live_calls")
    op.drop_index("ix_outbox_subject", "outbox")
    op.drop_column("outbox", "subject")
