"""Let the look-up role read that a phone number is being released: no calls are placed with such a number.

Revision ID: 3f1c9d0a7b42
Revises: a37f010e2833
Create Date: 2026-11-22 20:05:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "3f1c9d0a7b42"
down_revision: str | None = "a37f010e2833"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("GRANT SELECT (releasing_at) ON phone_number TO epoch_lookup")


def downgrade() -> None:
    op.execute("REVOKE SELECT (releasing_at) ON phone_number FROM epoch_lookup")
