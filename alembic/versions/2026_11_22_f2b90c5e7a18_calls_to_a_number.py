"""Index an organization's calls by the called number.

Revision ID: f2b90c5e7a18
Revises: a94e1c70b3d5
Create Date: 2026-11-22 23:50:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "f2b90c5e7a18"
down_revision: str | None = "a94e1c70b3d5"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_index(
        "ix_call_organization_id_to_number",
        "call",
        ["organization_id", "to_number", sa.text("id DESC")],
        postgresql_ops={"to_number": "text_pattern_ops"},
    )


def downgrade() -> None:
    op.drop_index("ix_call_organization_id_to_number", "call")
