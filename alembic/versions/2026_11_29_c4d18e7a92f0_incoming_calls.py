"""Add the settings of incoming calls, their minutes of a day, and their counts by caller.

Revision ID: c4d18e7a92f0
Revises: a3c71e58d904
Create Date: 2026-11-29 16:50:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "c4d18e7a92f0"
down_revision: str | None = "a3c71e58d904"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

APP, ADMIN = "epoch_app", "epoch_admin"
ORGANIZATION = "nullif(current_setting('app.organization', true), '')::uuid"
TABLES = ("incoming_call_settings", "incoming_usage", "incoming_caller")


def upgrade() -> None:
    _create(
        "incoming_call_settings",
        sa.Column("phone_number_id", sa.Uuid(), nullable=True),
        sa.Column("settings", JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["phone_number_id"],
            ["phone_number.id"],
            name=op.f("fk_incoming_call_settings_phone_number_id"),
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint(
            "organization_id",
            "phone_number_id",
            name=op.f("uq_incoming_call_settings_organization_id_phone_number_id"),
        ),
    )
    op.create_index(
        "uq_incoming_call_settings_organization",
        "incoming_call_settings",
        ["organization_id"],
        unique=True,
        postgresql_where=sa.text("phone_number_id IS NULL"),
    )
    _create(
        "incoming_usage",
        sa.Column("day", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("day_minutes", sa.BigInteger(), server_default="0", nullable=False),
        sa.UniqueConstraint("organization_id", name=op.f("uq_incoming_usage_organization_id")),
    )
    _create(
        "incoming_caller",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("hour_start", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("calls", sa.Integer(), server_default="1", nullable=False),
        sa.UniqueConstraint("organization_id", "number", name=op.f("uq_incoming_caller_organization_id_number")),
    )
    op.create_index(
        op.f("ix_incoming_caller_organization_id_hour_start"), "incoming_caller", ["organization_id", "hour_start"]
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _create(table: str, *parts: sa.Column | sa.Constraint) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        *parts,
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f(f"fk_{table}_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {APP}, {ADMIN}")
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY everything ON {table} TO {ADMIN} USING (true) WITH CHECK (true)")
    op.execute(
        f"CREATE POLICY tenant ON {table} TO {APP} "
        f"USING (organization_id = {ORGANIZATION}) WITH CHECK (organization_id = {ORGANIZATION})"
    )
