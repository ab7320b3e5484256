"""Add name, company and record URL of the called person to calls, as the page sends them.

Revision ID: 4f1b8c6d2e97
Revises: b7e3d0c9a415
Create Date: 2026-11-29 06:00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "4f1b8c6d2e97"
down_revision: str | None = "b7e3d0c9a415"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

CHECKS = {
    "name": "char_length(name) <= 200",
    "company": "char_length(company) <= 200",
    "url": "url ~* '^https?://' AND char_length(url) <= 1000",
}


def upgrade() -> None:
    for column, check in CHECKS.items():
        op.add_column("call", sa.Column(column, sa.Text(), nullable=True))
        op.create_check_constraint(op.f(f"ck_call_{column}"), "call", check)
    op.create_index(
        "ix_call_named",
        "call",
        ["organization_id", sa.text("id DESC")],
        postgresql_include=["name", "company"],
        postgresql_where=sa.text("name IS NOT NULL OR company IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_call_named", "call")
    for column in CHECKS:
        op.drop_column("call", column)
