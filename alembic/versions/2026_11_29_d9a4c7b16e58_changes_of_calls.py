"""Add the history of changes of a call's outcome, note and tags.

Revision ID: d9a4c7b16e58
Revises: c6e1a83d5f02
Create Date: 2026-11-29 16:52:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision: str = "d9a4c7b16e58"
down_revision: str | None = "c6e1a83d5f02"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

APP, ADMIN = "epoch_app", "epoch_admin"
ORGANIZATION = "nullif(current_setting('app.organization', true), '')::uuid"


def upgrade() -> None:
    op.create_table(
        "call_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("call_record_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("tags", ARRAY(sa.Text()), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["call_record_id"], ["call.id"], name=op.f("fk_call_change_call_record_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_call_change_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_change")),
    )
    op.create_index("ix_call_change_call_record_id_id", "call_change", ["call_record_id", sa.text("id DESC")])
    op.create_index(op.f("ix_call_change_organization_id"), "call_change", ["organization_id"])
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON call_change TO {APP}, {ADMIN}")
    op.execute("ALTER TABLE call_change ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE call_change FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY everything ON call_change TO {ADMIN} USING (true) WITH CHECK (true)")
    op.execute(
        f"CREATE POLICY tenant ON call_change TO {APP} "
        f"USING (organization_id = {ORGANIZATION}) WITH CHECK (organization_id = {ORGANIZATION})"
    )


def downgrade() -> None:
    op.drop_table("call_change")
