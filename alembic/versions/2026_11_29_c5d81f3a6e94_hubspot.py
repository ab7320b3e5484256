"""Add the connections to HubSpot, and the calls that are written into HubSpot.

Revision ID: c5d81f3a6e94
Revises: f8b5cd9ae463
Create Date: 2026-11-29 20:40:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision: str = "c5d81f3a6e94"
down_revision: str | None = "f8b5cd9ae463"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

APP, ADMIN, LOOKUP = "epoch_app", "epoch_admin", "epoch_lookup"
ORGANIZATION = "nullif(current_setting('app.organization', true), '')::uuid"
FAILURE_REASONS = (
    "'record_id_not_valid', 'other_account', 'object_type_unknown', 'record_missing', 'call_deleted',"
    " 'scope_missing', 'edit_refused', 'not_accepted', 'unreachable', 'fault'"
)


def upgrade() -> None:
    op.create_table(
        "hubspot_connection",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("access_token", sa.Text(), nullable=False),
        sa.Column("portal_id", sa.Text(), nullable=False),
        sa.Column("scopes", ARRAY(sa.Text()), nullable=True),
        sa.Column("broken_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("calls_without_record", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_logged_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("leased_until", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("leased_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_hubspot_connection_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hubspot_connection")),
        sa.UniqueConstraint("organization_id", name=op.f("uq_hubspot_connection_organization_id")),
    )
    op.create_index(
        op.f("ix_hubspot_connection_due_at"),
        "hubspot_connection",
        ["due_at"],
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_table(
        "hubspot_call",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("call_record_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=32), server_default="waiting", nullable=False),
        sa.Column("requested", sa.Integer(), server_default="1", nullable=False),
        sa.Column("requested_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("engagement_id", sa.Text(), nullable=True),
        sa.Column("reason", sa.String(length=32), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("failed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'logged', 'failed')", name=op.f("ck_hubspot_call_state")),
        sa.CheckConstraint(f"reason IN ({FAILURE_REASONS})", name=op.f("ck_hubspot_call_reason")),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f("fk_hubspot_call_organization_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["hubspot_connection.id"],
            name=op.f("fk_hubspot_call_connection_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["call_record_id"], ["call.id"], name=op.f("fk_hubspot_call_call_record_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hubspot_call")),
        sa.UniqueConstraint(
            "organization_id", "call_record_id", name=op.f("uq_hubspot_call_organization_id_call_record_id")
        ),
    )
    op.create_index(
        op.f("ix_hubspot_call_waiting"),
        "hubspot_call",
        ["connection_id", "requested_at"],
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        op.f("ix_hubspot_call_failed"),
        "hubspot_call",
        ["organization_id", sa.text("id DESC")],
        postgresql_where=sa.text("state = 'failed'"),
    )
    op.create_index(op.f("ix_hubspot_call_connection_id"), "hubspot_call", ["connection_id"])
    op.create_index(op.f("ix_hubspot_call_call_record_id"), "hubspot_call", ["call_record_id"])
    for table in ("hubspot_connection", "hubspot_call"):
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {APP}, {ADMIN}")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY everything ON {table} TO {ADMIN} USING (true) WITH CHECK (true)")
        op.execute(
            f"CREATE POLICY tenant ON {table} TO {APP} "
            f"USING (organization_id = {ORGANIZATION}) WITH CHECK (organization_id = {ORGANIZATION})"
        )
    # Read by HubSpot's calling page: if its account is connected, our jobs write the calls into HubSpot, not the page.
    op.execute(f"GRANT SELECT (organization_id, portal_id) ON hubspot_connection TO {LOOKUP}")
    op.execute(f"CREATE POLICY lookup ON hubspot_connection FOR SELECT TO {LOOKUP} USING (true)")


def downgrade() -> None:
    op.drop_table("hubspot_call")
    op.drop_table("hubspot_connection")
