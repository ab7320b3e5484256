"""Index missed calls that are not returned yet by the time at which they were missed.

Revision ID: a360d845f91e
Revises: 925fc734e80d
Create Date: 2026-11-29 17:07:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from kit.db.migration_steps import create_index_concurrently

revision: str = "a360d845f91e"
down_revision: str | None = "925fc734e80d"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    create_index_concurrently(
        "ix_call_missed_at",
        "call",
        ["organization_id", "missed_at"],
        postgresql_where=sa.text(
            "direction = 'inbound' AND status IN ('no-answer','voicemail','abandoned') AND returned_at IS NULL"
        ),
    )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_call_missed_at", table_name="call", postgresql_concurrently=True)
