"""Check the direction of new calls; a later revision validates the existing calls.

Revision ID: 3c9e0f7a51d4
Revises: 8b41d7c2e9f6
Create Date: 2026-11-29 23:56:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "3c9e0f7a51d4"
down_revision: str | None = "8b41d7c2e9f6"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_check_constraint(
        op.f("ck_call_direction"), "call", "direction IN ('outbound', 'inbound')", postgresql_not_valid=True
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_call_direction"), "call", type_="check")
