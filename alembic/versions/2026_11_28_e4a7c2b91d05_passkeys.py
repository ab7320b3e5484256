"""Add passkeys of customers and staff.

Revision ID: e4a7c2b91d05
Revises: a61e9d70b4c2
Create Date: 2026-11-28 21:00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "e4a7c2b91d05"
down_revision: str | None = "a61e9d70b4c2"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

APP, ADMIN, STAFF = "epoch_app", "epoch_admin", "epoch_staff"


def upgrade() -> None:
    for account in ("user_account", "staff"):
        op.add_column(account, sa.Column("has_passkey", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute(f"GRANT SELECT (has_passkey) ON user_account TO {STAFF}")
    _create("passkey", owner="user_id", account="user_account")
    _create("staff_passkey", owner="staff_id", account="staff")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON passkey TO {APP}, {ADMIN}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON staff_passkey TO {STAFF}, {ADMIN}")


def downgrade() -> None:
    for table in ("staff_passkey", "passkey"):
        op.drop_table(table)
    for account in ("staff", "user_account"):
        op.drop_column(account, "has_passkey")


def _create(table: str, *, owner: str, account: str) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(owner, sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("transports", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("last_used_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint([owner], [f"{account}.id"], name=op.f(f"fk_{table}_{owner}"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("credential_id", name=op.f(f"uq_{table}_credential_id")),
    )
    op.create_index(op.f(f"ix_{table}_{owner}"), table, [owner])
