"""Add the recordings of voicemail drops, which agents leave in the mailboxes of people whom they called.

Revision ID: b52d8fa1e3c9
Revises: 814ed623d7fc
Create Date: 2026-11-29 21:05:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "b52d8fa1e3c9"
down_revision: str | None = "814ed623d7fc"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

APP, ADMIN = "epoch_app", "epoch_admin"
ORGANIZATION = "nullif(current_setting('app.organization', true), '')::uuid"


def upgrade() -> None:
    op.create_table(
        "voicemail_greeting",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("wav", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("char_length(name) <= 100", name=op.f("ck_voicemail_greeting_name")),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_voicemail_greeting_organization_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["membership.id"], name=op.f("fk_voicemail_greeting_membership_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voicemail_greeting")),
    )
    op.create_index(
        "ix_voicemail_greeting_organization_id_id", "voicemail_greeting", ["organization_id", sa.text("id DESC")]
    )
    op.create_index(op.f("ix_voicemail_greeting_membership_id"), "voicemail_greeting", ["membership_id"])
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON voicemail_greeting TO {APP}, {ADMIN}")
    op.execute("ALTER TABLE voicemail_greeting ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE voicemail_greeting FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY everything ON voicemail_greeting TO {ADMIN} USING (true) WITH CHECK (true)")
    op.execute(
        f"CREATE POLICY tenant ON voicemail_greeting TO {APP} "
        f"USING (organization_id = {ORGANIZATION}) WITH CHECK (organization_id = {ORGANIZATION})"
    )


def downgrade() -> None:
    op.drop_table("voicemail_greeting")
