"""Store on calls whether the agent is a verified member or claimed by the page, and add that to the lists' index.

Revision ID: e25c9b7f1a60
Revises: 6c1d83f0a9e4
Create Date: 2026-11-22 22:20:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "e25c9b7f1a60"
down_revision: str | None = "6c1d83f0a9e4"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

PREVIOUS_COLUMNS = ["token_id", "to_number", "status", "duration", "started_at", "answered_at", "agent"]


def index_with(included: list[str]) -> None:
    op.drop_index("ix_call_organization_id_id", "call")
    op.create_index(
        "ix_call_organization_id_id", "call", ["organization_id", sa.text("id DESC")], postgresql_include=included
    )


def upgrade() -> None:
    op.add_column("call", sa.Column("agent_is_member", sa.Boolean(), server_default=sa.false(), nullable=False))
    index_with([*PREVIOUS_COLUMNS, "agent_is_member"])


def downgrade() -> None:
    index_with(PREVIOUS_COLUMNS)
    op.drop_column("call", "agent_is_member")
