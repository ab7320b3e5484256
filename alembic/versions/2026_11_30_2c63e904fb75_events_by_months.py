"""Partition events by month, step 3: make the table the first partition of a partitioned table.

Revision ID: 2c63e904fb75
Revises: 1b52d8f3ea64
Create Date: 2026-11-30 04:22:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from kit.db.partition_migration import (
    attach_first_partition,
    end_of_first_partition,
    make_first_partition,
    merge_partitions,
)

revision: str = "2c63e904fb75"
down_revision: str | None = "1b52d8f3ea64"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

APP, ADMIN = "epoch_app", "epoch_admin"
ORGANIZATION = "nullif(current_setting('app.organization', true), '')::uuid"
TABLE, DEFAULT = "organization_event", "organization_event_default"
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
UNIQUE_SEQUENCE = "uq_organization_event_organization_id_sequence"
INDEXES = ("pk_organization_event", "ix_organization_event_subject_id", "ix_organization_event_created_at")


def upgrade() -> None:
    end = end_of_first_partition(TABLE)
    first = make_first_partition(TABLE, end, (*INDEXES, UNIQUE_SEQUENCE))
    op.create_table(
        TABLE,
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
        postgresql_partition_by="RANGE (id)",
    )
    _index_subjects()
    attach_first_partition(TABLE, first, end)
    op.execute(f"DROP POLICY everything ON {first}")
    op.execute(f"DROP POLICY tenant ON {first}")
    op.execute(f"REVOKE ALL ON {first} FROM {APP}, {ADMIN}")
    _wall()
    op.execute(f"CREATE TABLE {DEFAULT} PARTITION OF {TABLE} DEFAULT")
    op.execute(f"ALTER TABLE {DEFAULT} ADD CONSTRAINT {UNIQUE_SEQUENCE}_default UNIQUE (organization_id, sequence)")
    op.execute(f"ALTER TABLE {DEFAULT} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {DEFAULT} FORCE ROW LEVEL SECURITY")
    # Health checks look for rows in the default partition.
    op.execute(f"GRANT SELECT ON {DEFAULT} TO {ADMIN}")
    op.execute(f"CREATE POLICY everything ON {DEFAULT} FOR SELECT TO {ADMIN} USING (true)")


def downgrade() -> None:
    merge_partitions(TABLE)
    op.create_primary_key("pk_organization_event", TABLE, ["id"])
    op.create_unique_constraint(UNIQUE_SEQUENCE, TABLE, ["organization_id", "sequence"])
    op.create_index("ix_organization_event_created_at", TABLE, ["created_at"])
    _index_subjects()
    cascade = {"ondelete": "CASCADE"}
    op.create_foreign_key(
        "fk_organization_event_organization_id", TABLE, "organization", ["organization_id"], ["id"], **cascade
    )
    _wall()
    op.create_foreign_key("fk_webhook_delivery_event_id", "webhook_delivery", TABLE, ["event_id"], ["id"], **cascade)


def _index_subjects() -> None:
    op.create_index(
        "ix_organization_event_subject_id", TABLE, ["subject_id"], postgresql_where=sa.text("subject_id IS NOT NULL")
    )


def _wall() -> None:
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {TABLE} TO {APP}, {ADMIN}")
    op.execute(f"ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {TABLE} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY everything ON {TABLE} TO {ADMIN} USING (true) WITH CHECK (true)")
    op.execute(
        f"CREATE POLICY tenant ON {TABLE} TO {APP} "
        f"USING (organization_id = {ORGANIZATION}) WITH CHECK (organization_id = {ORGANIZATION})"
    )
