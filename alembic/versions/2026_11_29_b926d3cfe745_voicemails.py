"""Add voicemails: messages that callers recorded.

Revision ID: b926d3cfe745
Revises: a815c2bed634
Create Date: 2026-11-29 17:18:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "b926d3cfe745"
down_revision: str | None = "a815c2bed634"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

APP, ADMIN = "epoch_app", "epoch_admin"
ORGANIZATION = "nullif(current_setting('app.organization', true), '')::uuid"


def upgrade() -> None:
    op.create_table(
        "voicemail",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("call_record_id", sa.Uuid(), nullable=False),
        sa.Column("recording_sid", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("heard_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_voicemail_organization_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["call_record_id"], ["call.id"], name=op.f("fk_voicemail_call_record_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voicemail")),
        sa.UniqueConstraint("recording_sid", name=op.f("uq_voicemail_recording_sid")),
    )
    op.create_index(op.f("ix_voicemail_call_record_id"), "voicemail", ["call_record_id"])
    op.create_index("ix_voicemail_organization_id_id", "voicemail", ["organization_id", sa.text("id DESC")])
    op.create_index(
        "ix_voicemail_unheard", "voicemail", ["organization_id"], postgresql_where=sa.text("heard_at IS NULL")
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON voicemail TO {APP}, {ADMIN}")
    op.execute("ALTER TABLE voicemail ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE voicemail FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY everything ON voicemail TO {ADMIN} USING (true) WITH CHECK (true)")
    op.execute(
        f"CREATE POLICY tenant ON voicemail TO {APP} "
        f"USING (organization_id = {ORGANIZATION}) WITH CHECK (organization_id = {ORGANIZATION})"
    )


def downgrade() -> None:
    op.drop_table("voicemail")
