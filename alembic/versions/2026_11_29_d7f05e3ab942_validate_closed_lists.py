"""Validate the existing choices of mails, directions of calls and sources of changes.

Revision ID: d7f05e3ab942
Revises: 6f2b8d04ce17
Create Date: 2026-11-29 23:58:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "d7f05e3ab942"
down_revision: str | None = "6f2b8d04ce17"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE membership VALIDATE CONSTRAINT ck_membership_missed_digest")
    op.execute("ALTER TABLE call VALIDATE CONSTRAINT ck_call_direction")
    op.execute("ALTER TABLE call_change VALIDATE CONSTRAINT ck_call_change_source")


def downgrade() -> None:
    """Does nothing: the previous version works with a validated constraint."""
