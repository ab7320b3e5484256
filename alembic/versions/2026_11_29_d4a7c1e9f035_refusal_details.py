"""Store on a call the limit, country or rule that refused it, and the reason why the carrier was asked to end it.

Revision ID: d4a7c1e9f035
Revises: 4c7a1e9d3b60
Create Date: 2026-11-29 06:00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "d4a7c1e9f035"
down_revision: str | None = "4c7a1e9d3b60"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

LOOKUP = "epoch_lookup"


def upgrade() -> None:
    for table in ("call", "capped_rejection"):
        op.add_column(table, sa.Column("end_details", JSONB(), nullable=True))
        op.execute(f"GRANT SELECT (end_details) ON {table} TO {LOOKUP}")
    op.add_column("call", sa.Column("termination_reason", sa.Text(), nullable=True))
    op.execute(f"GRANT SELECT (limit_minutes) ON call TO {LOOKUP}")


def downgrade() -> None:
    op.execute(f"REVOKE SELECT (limit_minutes) ON call FROM {LOOKUP}")
    op.drop_column("call", "termination_reason")
    for table in ("call", "capped_rejection"):
        op.drop_column(table, "end_details")
