"""Add the identity of the deployment, and let staff change and delete discrepancies of phone numbers.

Revision ID: f3a8d52c6b17
Revises: 5d0c7a91e3b8
Create Date: 2026-11-28 20:50:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "f3a8d52c6b17"
down_revision: str | None = "5d0c7a91e3b8"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "deployment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("database_identity", sa.Text(), nullable=False),
        sa.Column("separate_since", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deployment")),
    )
    op.create_index("uq_deployment_single_row", "deployment", [sa.text("(true)")], unique=True)
    op.execute(
        "INSERT INTO deployment (id, name, database_identity)"
        " SELECT gen_random_uuid(), substr(replace(gen_random_uuid()::text, '-', ''), 1, 12),"
        " (SELECT system_identifier FROM pg_control_system())::text || '/' || oid::text"
        " FROM pg_database WHERE datname = current_database()"
    )
    op.execute("GRANT SELECT ON deployment TO epoch_app, epoch_admin, epoch_staff")
    op.execute("GRANT UPDATE ON deployment TO epoch_admin")
    op.execute("GRANT UPDATE, DELETE ON phone_number_discrepancy TO epoch_staff")


def downgrade() -> None:
    op.execute("REVOKE UPDATE, DELETE ON phone_number_discrepancy FROM epoch_staff")
    op.drop_table("deployment")
