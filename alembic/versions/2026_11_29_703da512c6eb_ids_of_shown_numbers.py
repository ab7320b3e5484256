"""Store the id of the caller id number on calls, and let the look-up role read the number.

Revision ID: 703da512c6eb
Revises: 6f2c9401b5da
Create Date: 2026-11-29 17:03:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "703da512c6eb"
down_revision: str | None = "6f2c9401b5da"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("call", sa.Column("from_number_id", sa.Uuid(), nullable=True))
    op.execute("GRANT SELECT (from_number) ON call TO epoch_lookup")


def downgrade() -> None:
    op.execute("REVOKE SELECT (from_number) ON call FROM epoch_lookup")
    op.drop_column("call", "from_number_id")
