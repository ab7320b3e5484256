"""Count rejected calls above an hourly cap; keep the reasons of the latest of them for the widgets that asked.

Revision ID: b3f6d8e1024a
Revises: e70b5f2ac816
Create Date: 2026-11-26 01:40:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "b3f6d8e1024a"
down_revision: str | None = "e70b5f2ac816"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

APP, LOOKUP, ADMIN = "epoch_app", "epoch_lookup", "epoch_admin"
ORGANIZATION = "nullif(current_setting('app.organization', true), '')::uuid"
TIME = sa.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.add_column("call_use", sa.Column("hour_start", TIME, server_default=sa.func.now(), nullable=False))
    op.add_column("call_use", sa.Column("hour_refused", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "folded_refusal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("token_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("carrier_sid", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Uuid(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=False),
        sa.Column("refused_at", TIME, nullable=False),
        sa.Column("created_at", TIME, server_default=sa.func.now(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_folded_refusal_organization_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["token_id"], ["embed_token.id"], name=op.f("fk_folded_refusal_token_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_folded_refusal")),
        sa.UniqueConstraint("token_id", "place", name=op.f("uq_folded_refusal_token_id_place")),
    )
    op.create_index(op.f("ix_folded_refusal_organization_id"), "folded_refusal", ["organization_id"])
    op.create_index(op.f("ix_folded_refusal_carrier_sid"), "folded_refusal", ["carrier_sid"])
    op.create_index(op.f("ix_folded_refusal_refused_at"), "folded_refusal", ["refused_at"])
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON folded_refusal TO {APP}, {ADMIN}")
    op.execute(f"GRANT SELECT (organization_id, token_id, carrier_sid, call_id, end_reason) ON folded_refusal TO {LOOKUP}")
    op.execute("ALTER TABLE folded_refusal ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE folded_refusal FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY everything ON folded_refusal TO {ADMIN} USING (true) WITH CHECK (true)")
    op.execute(f"CREATE POLICY lookup ON folded_refusal FOR SELECT TO {LOOKUP} USING (true)")
    op.execute(
        f"CREATE POLICY tenant ON folded_refusal TO {APP} "
        f"USING (organization_id = {ORGANIZATION}) WITH CHECK (organization_id = {ORGANIZATION})"
    )


def downgrade() -> None:
    op.drop_table("folded_refusal")
    op.drop_column("call_use", "hour_refused")
    op.drop_column("call_use", "hour_start")
