"""Validate the statuses of existing calls.

Revision ID: e6f3a09cb412
Revises: d5e29f8ba301
Create Date: 2026-11-29 16:52:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "e6f3a09cb412"
down_revision: str | None = "d5e29f8ba301"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE call VALIDATE CONSTRAINT ck_call_status")


def downgrade() -> None:
    """Does nothing: the previous version works with a validated constraint."""
