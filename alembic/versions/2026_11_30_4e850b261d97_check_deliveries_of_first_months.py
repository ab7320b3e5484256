"""Partition webhook deliveries by the month of their event, step 2: validate the constraint for existing deliveries.

Revision ID: 4e850b261d97
Revises: 3d74fa150c86
Create Date: 2026-11-30 04:24:00
"""

from collections.abc import Sequence

from kit.db.partition_migration import validate_first_partition

revision: str = "4e850b261d97"
down_revision: str | None = "3d74fa150c86"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    validate_first_partition("webhook_delivery")


def downgrade() -> None:
    """Does nothing: the previous version works with a validated constraint."""
