"""Store how often a member gets mails about missed calls, and the time of the last one.

Revision ID: e7a4bc89d352
Revises: d693ab78c241
Create Date: 2026-11-29 17:11:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "e7a4bc89d352"
down_revision: str | None = "d693ab78c241"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("membership", sa.Column("missed_digest", sa.Text(), server_default="off", nullable=False))
    op.add_column("membership", sa.Column("missed_mailed_at", sa.TIMESTAMP(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("membership", "missed_mailed_at")
    op.drop_column("membership", "missed_digest")
