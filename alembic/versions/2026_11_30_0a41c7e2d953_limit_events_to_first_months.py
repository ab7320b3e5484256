"""Partition events by month, step 1: add the constraint that limits ids to the months of the first partition.

Revision ID: 0a41c7e2d953
Revises: b92d5f71e3a8
Create Date: 2026-11-30 04:20:00
"""

from collections.abc import Sequence

from kit.db.partition_migration import forget_first_partition, limit_first_partition

revision: str = "0a41c7e2d953"
down_revision: str | None = "b92d5f71e3a8"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    limit_first_partition("organization_event", "id")


def downgrade() -> None:
    forget_first_partition("organization_event")
