"""Add the option of an embed token to show a signed-in member their own recent calls.

Revision ID: b9e4d27c6a10
Revises: c41e7f90b2d8
Create Date: 2026-11-29 06:45:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "b9e4d27c6a10"
down_revision: str | None = "c41e7f90b2d8"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("embed_token", sa.Column("recent_calls", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_check_constraint(
        op.f("ck_embed_token_recent_calls"), "embed_token", "NOT recent_calls OR cardinality(allowed_domains) > 0"
    )
    op.execute("GRANT SELECT (recent_calls) ON embed_token TO epoch_lookup")


def downgrade() -> None:
    op.drop_column("embed_token", "recent_calls")
