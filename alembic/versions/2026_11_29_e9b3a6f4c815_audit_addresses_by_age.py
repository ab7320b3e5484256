"""Index the audit events that still have a client IP address, for the erasure of old ones.

Revision ID: e9b3a6f4c815
Revises: c2e8f51d7a40
Create Date: 2026-11-29 02:30:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "e9b3a6f4c815"
down_revision: str | None = "c2e8f51d7a40"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_index(
        "ix_audit_event_with_address",
        "audit_event",
        ["id"],
        postgresql_include=["organization_id"],
        postgresql_where=sa.text("address <> '' AND organization_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_audit_event_with_address", "audit_event")
