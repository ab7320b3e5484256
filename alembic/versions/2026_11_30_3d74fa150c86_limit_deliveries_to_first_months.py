"""Partition webhook deliveries by the month of their event, step 1: limit event ids to the first partition's months.

Revision ID: 3d74fa150c86
Revises: 2c63e904fb75
Create Date: 2026-11-30 04:23:00
"""

from collections.abc import Sequence

from kit.db.partition_migration import end_of_first_partition, forget_first_partition, limit_first_partition

revision: str = "3d74fa150c86"
down_revision: str | None = "2c63e904fb75"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    # The same months as for the events, because partitions of deliveries refer to partitions of events.
    limit_first_partition("webhook_delivery", "event_id", end=end_of_first_partition("organization_event"))


def downgrade() -> None:
    forget_first_partition("webhook_delivery")
