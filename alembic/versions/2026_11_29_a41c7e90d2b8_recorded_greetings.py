"""Add recorded greetings of incoming calls.

Revision ID: a41c7e90d2b8
Revises: 703da512c6eb
Create Date: 2026-11-29 20:40:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "a41c7e90d2b8"
down_revision: str | None = "703da512c6eb"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

APP, ADMIN = "epoch_app", "epoch_admin"
ORGANIZATION = "nullif(current_setting('app.organization', true), '')::uuid"


def upgrade() -> None:
    op.create_table(
        "greeting_audio",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("wav", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("char_length(name) <= 100", name=op.f("ck_greeting_audio_name")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_greeting_audio_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_greeting_audio")),
    )
    op.create_index("ix_greeting_audio_organization_id_id", "greeting_audio", ["organization_id", sa.text("id DESC")])
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON greeting_audio TO {APP}, {ADMIN}")
    op.execute("ALTER TABLE greeting_audio ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE greeting_audio FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY everything ON greeting_audio TO {ADMIN} USING (true) WITH CHECK (true)")
    op.execute(
        f"CREATE POLICY tenant ON greeting_audio TO {APP} "
        f"USING (organization_id = {ORGANIZATION}) WITH CHECK (organization_id = {ORGANIZATION})"
    )


def downgrade() -> None:
    op.drop_table("greeting_audio")
