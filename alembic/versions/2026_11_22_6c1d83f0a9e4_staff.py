"""Add accounts of staff, the database role of the back office, and the outcome of upgrade requests.

Revision ID: 6c1d83f0a9e4
Revises: b81f3d5a0c26
Create Date: 2026-11-22 21:50:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "6c1d83f0a9e4"
down_revision: str | None = "b81f3d5a0c26"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

STAFF, LOOKUP, ADMIN = "epoch_staff", "epoch_lookup", "epoch_admin"
STAFF_TABLES = ("staff", "staff_session", "staff_recovery_code")
READABLE_COLUMNS = {
    "api_key": "(id, organization_id, label, scope, prefix, created_by, last_used_at, revoked_at, revoked_by, created_at)",
    "audit_event": "",
    "call": "",
    "call_event": "",
    "embed_token": (
        "(id, organization_id, prefix, label, allowed_domains, created_by, last_used_at, last_origin, revoked_at,"
        " revoked_by, created_at)"
    ),
    "invitation": (
        "(id, organization_id, email, role, invited_by, expires_at, accepted_at, revoked_at, created_at)"
    ),
    "membership": "",
    "number_purchase": "",
    "organization": "",
    "phone_number": "",
    "refused_origin": "",
    "upgrade_request": "",
    "user_account": "(id, email, name, email_verified_at, totp_enabled_at, disabled_at, created_at)",
}
"""The columns of customers' tables that the back office may read, empty for all: no digest, no hash, no TOTP secret."""
TENANT_TABLES = tuple(table for table in READABLE_COLUMNS if table != "user_account")
"""Tables with row-level security, where the role needs a policy."""


def upgrade() -> None:
    op.create_table(
        "staff",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("totp_secret", sa.LargeBinary(), nullable=True),
        sa.Column("totp_enabled_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("totp_last_step", sa.BigInteger(), nullable=True),
        sa.Column("disabled_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column(
            "role",
            sa.Enum("support", "operator", "admin", name="role", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("joined_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("link_digest", sa.LargeBinary(), nullable=True),
        sa.Column("link_expires_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("email", name=op.f("uq_staff_email")),
        sa.UniqueConstraint("link_digest", name=op.f("uq_staff_link_digest")),
    )
    op.create_table(
        "staff_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("last_seen_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("awaits_second_factor", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("user_agent", sa.Text(), server_default="", nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_session_staff_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_session")),
        sa.UniqueConstraint("digest", name=op.f("uq_staff_session_digest")),
    )
    op.create_index(op.f("ix_staff_session_staff_id"), "staff_session", ["staff_id"])
    op.create_table(
        "staff_recovery_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_staff_recovery_code_staff_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_recovery_code")),
        sa.UniqueConstraint("staff_id", "digest", name=op.f("uq_staff_recovery_code_staff_id_digest")),
    )
    op.add_column(
        "upgrade_request",
        sa.Column(
            "outcome",
            sa.Enum("approved", "declined", name="outcome", native_enum=False, create_constraint=True, length=32),
            nullable=True,
        ),
    )
    op.execute(
        f"""
        DO $$ BEGIN
            -- Roles belong to the server, not to the database: another database may have made it.
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{STAFF}') THEN CREATE ROLE {STAFF} NOLOGIN; END IF;
            EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END $$
        """
    )
    op.execute(f"GRANT {STAFF} TO CURRENT_USER")
    op.execute(f"GRANT USAGE ON SCHEMA public TO {STAFF}")
    for table in STAFF_TABLES:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {STAFF}, {ADMIN}")
    # A customer's request reads the e-mail addresses of the staff that get its upgrade request.
    op.execute(f"GRANT SELECT (email, role, joined_at, disabled_at) ON staff TO {LOOKUP}")
    for table, columns in READABLE_COLUMNS.items():
        op.execute(f'GRANT SELECT {columns} ON "{table}" TO {STAFF}')
    for table in TENANT_TABLES:
        op.execute(f'CREATE POLICY staff ON "{table}" FOR SELECT TO {STAFF} USING (true)')
    op.execute(f"GRANT INSERT ON audit_event TO {STAFF}")
    op.execute(f"CREATE POLICY staff_acts ON audit_event FOR INSERT TO {STAFF} WITH CHECK (actor_kind = 'staff')")


def downgrade() -> None:
    op.execute("DROP POLICY staff_acts ON audit_event")
    for table in TENANT_TABLES:
        op.execute(f'DROP POLICY staff ON "{table}"')
    for table in READABLE_COLUMNS:
        op.execute(f'REVOKE ALL ON "{table}" FROM {STAFF}')
    op.drop_constraint(op.f("ck_upgrade_request_outcome"), "upgrade_request")
    op.drop_column("upgrade_request", "outcome")
    op.drop_table("staff_recovery_code")
    op.drop_index(op.f("ix_staff_session_staff_id"), table_name="staff_session")
    op.drop_table("staff_session")
    op.drop_table("staff")
    # The role stays: other databases of this server may use it.
