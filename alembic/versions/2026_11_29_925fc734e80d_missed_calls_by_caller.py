"""Index missed calls that are not returned yet by the caller's number.

Revision ID: 925fc734e80d
Revises: 814eb623d7fc
Create Date: 2026-11-29 17:06:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from kit.db.migration_steps import create_index_concurrently

revision: str = "925fc734e80d"
down_revision: str | None = "814eb623d7fc"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    create_index_concurrently(
        "ix_call_missed_from",
        "call",
        ["organization_id", "from_number"],
        postgresql_where=sa.text(
            "direction = 'inbound' AND status IN ('no-answer','voicemail','abandoned') AND returned_at IS NULL"
        ),
    )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_call_missed_from", table_name="call", postgresql_concurrently=True)
