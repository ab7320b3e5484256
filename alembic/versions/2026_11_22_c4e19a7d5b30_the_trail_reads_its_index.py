"""Let the filters of the audit log read an index of the organization's events.

Revision ID: c4e19a7d5b30
Revises: 8d2f6e41b07c
Create Date: 2026-11-22 20:40:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "c4e19a7d5b30"
down_revision: str | None = "8d2f6e41b07c"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

NAME, COLUMNS = "ix_audit_event_organization_id_id", ["organization_id", sa.text("id DESC")]


def upgrade() -> None:
    op.drop_index(NAME, "audit_event")
    op.create_index(
        NAME, "audit_event", COLUMNS, postgresql_include=["actor_id", "actor_name", "action", "created_at"]
    )


def downgrade() -> None:
    op.drop_index(NAME, "audit_event")
    op.create_index(NAME, "audit_event", COLUMNS)
