"""Let staff read rejected calls above the cap and find audit events by action; store an upgrade request's new plan.

Revision ID: a6d0f2c81e57
Revises: d4a7c1e9f035
Create Date: 2026-11-29 06:10:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "a6d0f2c81e57"
down_revision: str | None = "d4a7c1e9f035"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

STAFF = "epoch_staff"
PLANS = ("starter", "pro", "business", "enterprise")


def upgrade() -> None:
    op.execute(f"GRANT SELECT ON capped_rejection TO {STAFF}")
    op.execute(f"CREATE POLICY staff ON capped_rejection FOR SELECT TO {STAFF} USING (true)")
    op.create_index("ix_audit_event_action_id", "audit_event", ["action", sa.text("id DESC")])
    plan = sa.Enum(*PLANS, name="new_plan", native_enum=False, create_constraint=True, length=32)
    op.add_column("upgrade_request", sa.Column("new_plan", plan, nullable=True))


def downgrade() -> None:
    op.drop_constraint(op.f("ck_upgrade_request_new_plan"), "upgrade_request")
    op.drop_column("upgrade_request", "new_plan")
    op.drop_index("ix_audit_event_action_id", table_name="audit_event")
    op.execute("DROP POLICY staff ON capped_rejection")
    op.execute(f"REVOKE SELECT ON capped_rejection FROM {STAFF}")
