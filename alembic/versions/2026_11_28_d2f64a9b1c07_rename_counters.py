"""Rename the tables measure to minute_counter and throttle to rate_counter.

Revision ID: d2f64a9b1c07
Revises: c53d1f8e6a90
Create Date: 2026-11-28 15:00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "d2f64a9b1c07"
down_revision: str | None = "c53d1f8e6a90"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    _rename("measure", "minute_counter", constraints=("pk_{}", "uq_{}_minute_name"))
    _rename("throttle", "rate_counter", constraints=("pk_{}", "uq_{}_key_window_start"))
    op.execute("ALTER INDEX ix_throttle_window_start RENAME TO ix_rate_counter_window_start")


def downgrade() -> None:
    op.execute("ALTER INDEX ix_rate_counter_window_start RENAME TO ix_throttle_window_start")
    _rename("rate_counter", "throttle", constraints=("pk_{}", "uq_{}_key_window_start"))
    _rename("minute_counter", "measure", constraints=("pk_{}", "uq_{}_minute_name"))


def _rename(old: str, new: str, *, constraints: Sequence[str]) -> None:
    op.rename_table(old, new)
    for name in constraints:
        op.execute(f"ALTER TABLE {new} RENAME CONSTRAINT {name.format(old)} TO {name.format(new)}")
