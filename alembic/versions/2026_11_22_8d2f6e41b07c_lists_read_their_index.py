"""Let lists, search and counts read indexes of an organization's calls and tokens; limit an agent to 200 characters.

Revision ID: 8d2f6e41b07c
Revises: 3f1c9d0a7b42
Create Date: 2026-11-22 20:30:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "8d2f6e41b07c"
down_revision: str | None = "3f1c9d0a7b42"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

INCLUDED_COLUMNS = ["token_id", "to_number", "status", "duration", "started_at", "answered_at", "agent"]


def upgrade() -> None:
    op.create_check_constraint(op.f("ck_call_agent"), "call", "char_length(agent) <= 200")
    op.drop_index("ix_call_organization_id_id", "call")
    op.create_index(
        "ix_call_organization_id_id", "call", ["organization_id", sa.text("id DESC")], postgresql_include=INCLUDED_COLUMNS
    )
    op.create_index(
        "ix_embed_token_active",
        "embed_token",
        ["organization_id", sa.text("id DESC")],
        postgresql_where=sa.text("revoked_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_embed_token_active", "embed_token")
    op.drop_index("ix_call_organization_id_id", "call")
    op.create_index("ix_call_organization_id_id", "call", ["organization_id", sa.text("id DESC")])
    op.drop_constraint(op.f("ck_call_agent"), "call")
