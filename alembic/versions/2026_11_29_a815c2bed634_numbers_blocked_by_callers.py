"""Store on a blocked number the caller's request not to be called: its time, the called number, the attestation.

Revision ID: a815c2bed634
Revises: f704b1adc523
Create Date: 2026-11-29 16:54:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "a815c2bed634"
down_revision: str | None = "f704b1adc523"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("blocked_number", sa.Column("asked_at", sa.TIMESTAMP(timezone=True), nullable=True))
    op.add_column("blocked_number", sa.Column("asked_number", sa.Text(), nullable=True))
    op.add_column("blocked_number", sa.Column("attestation", sa.Text(), nullable=True))


def downgrade() -> None:
    for column in ("attestation", "asked_number", "asked_at"):
        op.drop_column("blocked_number", column)
