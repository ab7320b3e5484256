"""Partition webhook deliveries by the month of their event, step 3: make the table the first partition of a new one.

Revision ID: 5f961c372ea8
Revises: 4e850b261d97
Create Date: 2026-11-30 04:25:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from kit.db.partition_migration import (
    attach_first_partition,
    end_of_first_partition,
    make_first_partition,
    merge_partitions,
)

revision: str = "5f961c372ea8"
down_revision: str | None = "4e850b261d97"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

APP, ADMIN = "epoch_app", "epoch_admin"
ORGANIZATION = "nullif(current_setting('app.organization', true), '')::uuid"
TABLE, DEFAULT = "webhook_delivery", "webhook_delivery_default"
EVENT_FOREIGN_KEY = "fk_webhook_delivery_event_id"
INDEXES = (
    "pk_webhook_delivery",
    "uq_webhook_delivery_endpoint_id_event_id",
    "ix_webhook_delivery_endpoint_id_id",
    "ix_webhook_delivery_pending",
    "ix_webhook_delivery_event_id",
    "ix_webhook_delivery_organization_id",
)


def upgrade() -> None:
    end = end_of_first_partition(TABLE)
    first = make_first_partition(TABLE, end, INDEXES)
    op.create_table(
        TABLE,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=32), server_default="pending", nullable=False),
        sa.Column("attempts", JSONB(), server_default="[]", nullable=False),
        sa.Column("next_attempt_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("retry_until", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state IN ('pending', 'delivered', 'failed')", name=op.f("ck_webhook_delivery_state")),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_webhook_delivery_organization_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["webhook_endpoint.id"], name=op.f("fk_webhook_delivery_endpoint_id"), ondelete="CASCADE"
        ),
        sa.UniqueConstraint("endpoint_id", "event_id", name=op.f("uq_webhook_delivery_endpoint_id_event_id")),
        postgresql_partition_by="RANGE (event_id)",
    )
    _index()
    attach_first_partition(TABLE, first, end)
    op.execute(f"DROP POLICY everything ON {first}")
    op.execute(f"DROP POLICY tenant ON {first}")
    op.execute(f"REVOKE ALL ON {first} FROM {APP}, {ADMIN}")
    _wall()
    op.execute(f"CREATE TABLE {DEFAULT} PARTITION OF {TABLE} DEFAULT")
    op.execute(f"ALTER TABLE {DEFAULT} ADD CONSTRAINT pk_webhook_delivery_default PRIMARY KEY (id)")
    # Partitions refer to partitions: the two of a month are dropped together, without a check of their rows.
    _refer(DEFAULT, "organization_event_default")
    if not _refers(first):
        _refer(first, f"organization_event_before_{end:%Y_%m}")
    op.execute(f"ALTER TABLE {DEFAULT} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {DEFAULT} FORCE ROW LEVEL SECURITY")
    op.execute(f"GRANT SELECT ON {DEFAULT} TO {ADMIN}")
    op.execute(f"CREATE POLICY everything ON {DEFAULT} FOR SELECT TO {ADMIN} USING (true)")


def downgrade() -> None:
    """Merge the partitions. The downgrade of the events' table restores the foreign key to events."""
    merge_partitions(TABLE)
    op.create_primary_key("pk_webhook_delivery", TABLE, ["id"])
    op.create_unique_constraint("uq_webhook_delivery_endpoint_id_event_id", TABLE, ["endpoint_id", "event_id"])
    _index()
    for column, table in (("organization_id", "organization"), ("endpoint_id", "webhook_endpoint")):
        op.create_foreign_key(f"fk_webhook_delivery_{column}", TABLE, table, [column], ["id"], ondelete="CASCADE")
    _wall()


def _refer(partition: str, events: str) -> None:
    op.create_foreign_key(EVENT_FOREIGN_KEY, partition, events, ["event_id"], ["id"], ondelete="CASCADE")


def _refers(partition: str) -> bool:
    """True if the partition still has its foreign key to events: not after a downgrade. True without a database."""
    query = "SELECT EXISTS (SELECT FROM pg_constraint WHERE conname = :name AND conrelid = to_regclass(:partition))"
    found = op.get_bind().execute(sa.text(query).bindparams(name=EVENT_FOREIGN_KEY, partition=partition)).scalar()
    return found is None or bool(found)


def _index() -> None:
    op.create_index("ix_webhook_delivery_endpoint_id_id", TABLE, ["endpoint_id", sa.text("id DESC")])
    op.create_index(
        "ix_webhook_delivery_pending",
        TABLE,
        ["endpoint_id", "next_attempt_at", "sequence"],
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index("ix_webhook_delivery_event_id", TABLE, ["event_id"])
    op.create_index("ix_webhook_delivery_organization_id", TABLE, ["organization_id"])


def _wall() -> None:
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {TABLE} TO {APP}, {ADMIN}")
    op.execute(f"ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {TABLE} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY everything ON {TABLE} TO {ADMIN} USING (true) WITH CHECK (true)")
    op.execute(
        f"CREATE POLICY tenant ON {TABLE} TO {APP} "
        f"USING (organization_id = {ORGANIZATION}) WITH CHECK (organization_id = {ORGANIZATION})"
    )
