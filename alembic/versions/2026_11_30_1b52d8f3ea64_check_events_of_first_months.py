"""Partition events by month, step 2: validate the constraint for existing events.

Revision ID: 1b52d8f3ea64
Revises: 0a41c7e2d953
Create Date: 2026-11-30 04:21:00
"""

from collections.abc import Sequence

from kit.db.partition_migration import validate_first_partition

revision: str = "1b52d8f3ea64"
down_revision: str | None = "0a41c7e2d953"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    validate_first_partition("organization_event")


def downgrade() -> None:
    """Does nothing: the previous version works with a validated constraint."""
