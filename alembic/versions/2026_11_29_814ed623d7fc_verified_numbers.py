"""Add verified numbers: an organization's numbers at other companies, which its calls may show as caller id.

Revision ID: 814ed623d7fc
Revises: a41c7e90d2b8
Create Date: 2026-11-29 21:25:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "814ed623d7fc"
down_revision: str | None = "a41c7e90d2b8"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLE, APP, ADMIN, LOOKUP = "verified_number", "epoch_app", "epoch_admin", "epoch_lookup"
ORGANIZATION = "nullif(current_setting('app.organization', true), '')::uuid"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("e164", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("requested_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("checked_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "state IN ('pending', 'verified', 'failed', 'expired', 'removing')",
            name=op.f("ck_verified_number_state"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f(f"fk_{TABLE}_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        sa.UniqueConstraint("organization_id", "e164", name=op.f(f"uq_{TABLE}_organization_id_e164")),
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {TABLE} TO {APP}, {ADMIN}")
    op.execute(f"GRANT SELECT (id, organization_id, e164, name, state) ON {TABLE} TO {LOOKUP}")
    op.execute(f"ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {TABLE} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY everything ON {TABLE} TO {ADMIN} USING (true) WITH CHECK (true)")
    op.execute(f"CREATE POLICY lookup ON {TABLE} TO {LOOKUP} USING (true)")
    op.execute(
        f"CREATE POLICY tenant ON {TABLE} TO {APP} "
        f"USING (organization_id = {ORGANIZATION}) WITH CHECK (organization_id = {ORGANIZATION})"
    )


def downgrade() -> None:
    op.drop_table(TABLE)
