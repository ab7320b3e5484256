"""Let embed tokens be limited to some of the organization's caller id numbers.

Revision ID: 4d0a72e9f3b8
Revises: 3c9f61d8e2a7
Create Date: 2026-11-29 17:00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "4d0a72e9f3b8"
down_revision: str | None = "3c9f61d8e2a7"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "embed_token",
        sa.Column("from_numbers", postgresql.ARRAY(sa.Uuid()), server_default=sa.text("'{}'::uuid[]"), nullable=False),
    )
    op.execute("GRANT SELECT (from_numbers) ON embed_token TO epoch_lookup")


def downgrade() -> None:
    op.drop_column("embed_token", "from_numbers")
