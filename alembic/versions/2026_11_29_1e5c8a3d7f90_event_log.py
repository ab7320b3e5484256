"""Add the event log: events without a sequence number, events with one, and the last number of each organization.

Revision ID: 1e5c8a3d7f90
Revises: f7c2e96a4b13
Create Date: 2026-11-29 17:00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "1e5c8a3d7f90"
down_revision: str | None = "f7c2e96a4b13"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

APP, ADMIN = "epoch_app", "epoch_admin"
ORGANIZATION = "nullif(current_setting('app.organization', true), '')::uuid"
TYPES = (
    "call.started",
    "call.answered",
    "call.ended",
    "call.updated",
    "call.missed",
    "voicemail.received",
    "phone_number.added",
    "phone_number.released",
    "embed_token.created",
    "embed_token.revoked",
    "limit.reached",
)


def upgrade() -> None:
    op.create_table(
        "event_outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("organization", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization"], ["organization.id"], name=op.f("fk_event_outbox_organization"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_outbox")),
    )
    op.create_table(
        "organization_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            f"type IN ({', '.join(repr(name) for name in TYPES)})", name=op.f("ck_organization_event_type")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_organization_event_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organization_event")),
        sa.UniqueConstraint("organization_id", "sequence", name=op.f("uq_organization_event_organization_id_sequence")),
    )
    op.create_index(
        op.f("ix_organization_event_subject_id"),
        "organization_event",
        ["subject_id"],
        postgresql_where=sa.text("subject_id IS NOT NULL"),
    )
    op.create_index(op.f("ix_organization_event_created_at"), "organization_event", ["created_at"])
    op.create_table(
        "event_counter",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization", sa.Uuid(), nullable=False),
        sa.Column("last_sequence", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization"], ["organization.id"], name=op.f("fk_event_counter_organization"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_counter")),
        sa.UniqueConstraint("organization", name=op.f("uq_event_counter_organization")),
    )
    # Requests add events, and delete the events about an erased phone number.
    op.execute(f"GRANT SELECT, INSERT, DELETE ON event_outbox TO {APP}, {ADMIN}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON organization_event TO {APP}, {ADMIN}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON event_counter TO {ADMIN}")
    for table, column in (("event_outbox", "organization"), ("organization_event", "organization_id")):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY everything ON {table} TO {ADMIN} USING (true) WITH CHECK (true)")
        op.execute(
            f"CREATE POLICY tenant ON {table} TO {APP} "
            f"USING ({column} = {ORGANIZATION}) WITH CHECK ({column} = {ORGANIZATION})"
        )
    op.execute("ALTER TABLE event_counter ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE event_counter FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY everything ON event_counter TO {ADMIN} USING (true) WITH CHECK (true)")


def downgrade() -> None:
    op.drop_table("event_counter")
    op.drop_table("organization_event")
    op.drop_table("event_outbox")
