"""Let staff override limits, resolve alerts, and see the pause of all calls.

Revision ID: a94e1c70b3d5
Revises: a4e8d17c3f52
Create Date: 2026-11-22 23:20:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "a94e1c70b3d5"
down_revision: str | None = "a4e8d17c3f52"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

STAFF = "epoch_staff"


def upgrade() -> None:
    op.execute(f"GRANT SELECT, INSERT, UPDATE (value, ends_at, reason, set_by) ON limit_override TO {STAFF}")
    op.execute(f"CREATE POLICY staff ON limit_override TO {STAFF} USING (true) WITH CHECK (true)")
    op.execute(f"GRANT SELECT, UPDATE (resolved_at, resolved_by) ON alert TO {STAFF}")
    op.execute(f"CREATE POLICY staff ON alert TO {STAFF} USING (true) WITH CHECK (true)")
    op.execute(f"GRANT SELECT ON calling_pause TO {STAFF}")
    op.create_index("ix_alert_open", "alert", ["id"], postgresql_where=sa.text("resolved_at IS NULL"))


def downgrade() -> None:
    op.drop_index("ix_alert_open", "alert")
    op.execute(f"REVOKE ALL ON calling_pause FROM {STAFF}")
    op.execute("DROP POLICY staff ON alert")
    op.execute("DROP POLICY staff ON limit_override")
    for table, columns in (("alert", "resolved_at, resolved_by"), ("limit_override", "value, ends_at, reason, set_by")):
        op.execute(f"REVOKE UPDATE ({columns}) ON {table} FROM {STAFF}")
        op.execute(f"REVOKE ALL ON {table} FROM {STAFF}")
