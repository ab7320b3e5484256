"""Add the kind of alerts about many rejected calls.

Revision ID: b81c4d7e9f20
Revises: 8e4d1a6c0b95
Create Date: 2026-11-28 22:12:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "b81c4d7e9f20"
down_revision: str | None = "8e4d1a6c0b95"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    _replace_kinds("foreign_destinations", "rejected_calls", "near_limit")


def downgrade() -> None:
    # The previous version does not know this kind.
    op.execute("DELETE FROM alert WHERE kind = 'rejected_calls'")
    _replace_kinds("foreign_destinations", "near_limit")


def _replace_kinds(*kinds: str) -> None:
    op.drop_constraint(op.f("ck_alert_alertkind"), "alert", type_="check")
    op.create_check_constraint(op.f("ck_alert_alertkind"), "alert", f"kind IN {kinds}")
