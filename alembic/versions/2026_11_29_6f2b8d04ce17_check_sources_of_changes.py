"""Check the source of new changes of calls; a later revision validates the existing changes.

Revision ID: 6f2b8d04ce17
Revises: 3c9e0f7a51d4
Create Date: 2026-11-29 23:57:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "6f2b8d04ce17"
down_revision: str | None = "3c9e0f7a51d4"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_check_constraint(
        op.f("ck_call_change_source"), "call_change", "source IN ('user', 'api_key', 'phone')", postgresql_not_valid=True
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_call_change_source"), "call_change", type_="check")
