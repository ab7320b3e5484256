"""Check new choices of mails about missed calls; a later revision validates the existing choices.

Revision ID: 8b41d7c2e9f6
Revises: c5d81f3a6e94
Create Date: 2026-11-29 23:55:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "8b41d7c2e9f6"
down_revision: str | None = "c5d81f3a6e94"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_check_constraint(
        op.f("ck_membership_missed_digest"), "membership", "missed_digest IN ('off', 'hourly', 'daily')", postgresql_not_valid=True
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_membership_missed_digest"), "membership", type_="check")
