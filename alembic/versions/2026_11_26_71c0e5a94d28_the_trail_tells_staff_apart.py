"""Add the kind of the actor to the audit log's index: a search by actor name finds users and keys, but not staff.

Revision ID: 71c0e5a94d28
Revises: f2b90c5e7a18
Create Date: 2026-11-26 01:00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "71c0e5a94d28"
down_revision: str | None = "f2b90c5e7a18"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

NAME, COLUMNS = "ix_audit_event_organization_id_id", ["organization_id", sa.text("id DESC")]
INCLUDED_COLUMNS = ["actor_id", "actor_name", "action", "created_at"]


def upgrade() -> None:
    op.drop_index(NAME, "audit_event")
    op.create_index(NAME, "audit_event", COLUMNS, postgresql_include=[*INCLUDED_COLUMNS, "actor_kind"])


def downgrade() -> None:
    op.drop_index(NAME, "audit_event")
    op.create_index(NAME, "audit_event", COLUMNS, postgresql_include=INCLUDED_COLUMNS)
