"""Add counters per minute, the carrier's health as each process sees it, and the staff's right to pause all calls.

Revision ID: 5d92b7f10c3e
Revises: d41b8e06c7f3
Create Date: 2026-11-26 01:20:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "5d92b7f10c3e"
down_revision: str | None = "d41b8e06c7f3"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

STAFF, LOOKUP, ADMIN = "epoch_staff", "epoch_lookup", "epoch_admin"
TIME = sa.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "measure",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("minute", TIME, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("created_at", TIME, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_measure")),
        sa.UniqueConstraint("minute", "name", name=op.f("uq_measure_minute_name")),
    )
    op.create_table(
        "carrier_standing",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column(
            "state",
            sa.Enum("closed", "open", "probing", name="state", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("answered_at", TIME, nullable=True),
        sa.Column("failed_at", TIME, nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("created_at", TIME, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_carrier_standing")),
    )
    op.create_index(op.f("ix_carrier_standing_seen_at"), "carrier_standing", ["seen_at"])
    for table in ("measure", "carrier_standing"):
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO {LOOKUP}")
        op.execute(f"GRANT SELECT ON {table} TO {STAFF}")
        op.execute(f"GRANT SELECT, INSERT, DELETE ON {table} TO {ADMIN}")
    op.execute(f"GRANT INSERT, DELETE ON calling_pause TO {STAFF}")


def downgrade() -> None:
    op.execute(f"REVOKE INSERT, DELETE ON calling_pause FROM {STAFF}")
    op.drop_table("carrier_standing")
    op.drop_table("measure")
