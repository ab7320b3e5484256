"""Add the daily comparison of calls with the carrier, the time of price requests, and the retention of call data.

Revision ID: d41b8e06c7f3
Revises: 71c0e5a94d28
Create Date: 2026-11-26 01:00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "d41b8e06c7f3"
down_revision: str | None = "71c0e5a94d28"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TIME = sa.TIMESTAMP(timezone=True)
DIFFERENCE_KINDS = ("unknown_here", "unknown_there", "dialled_though_refused", "status", "duration", "end", "price")


def count(name: str, kind: sa.types.TypeEngine[int] | None = None) -> sa.Column[int]:
    return sa.Column(name, kind or sa.Integer(), server_default="0", nullable=False)


def upgrade() -> None:
    op.create_table(
        "carrier_day",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("compared_at", TIME, nullable=True),
        count("calls_here"),
        count("calls_there"),
        count("seconds_here", sa.BigInteger()),
        count("seconds_there", sa.BigInteger()),
        count("micros_here", sa.BigInteger()),
        count("micros_there", sa.BigInteger()),
        count("others_there"),
        count("unpriced"),
        count("corrected"),
        count("open"),
        sa.Column("created_at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_carrier_day")),
        sa.UniqueConstraint("day", name=op.f("uq_carrier_day_day")),
    )
    op.create_table(
        "carrier_difference",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.Enum(*DIFFERENCE_KINDS, name="differencekind", native_enum=False, length=32), nullable=False),
        sa.CheckConstraint(f"kind IN {DIFFERENCE_KINDS}", name=op.f("ck_carrier_difference_differencekind")),
        sa.Column("carrier_sid", sa.Text(), nullable=False),
        sa.Column("call_record_id", sa.Uuid(), nullable=True),
        sa.Column("token_id", sa.Uuid(), nullable=True),
        sa.Column("here", sa.Text(), nullable=False),
        sa.Column("there", sa.Text(), nullable=False),
        sa.Column("corrected_at", TIME, nullable=True),
        sa.Column("created_at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_carrier_difference")),
        sa.UniqueConstraint("carrier_sid", "kind", name=op.f("uq_carrier_difference_carrier_sid_kind")),
    )
    op.create_index(op.f("ix_carrier_difference_day"), "carrier_difference", ["day"])
    op.create_index(
        "ix_carrier_difference_open", "carrier_difference", ["id"], postgresql_where=sa.text("corrected_at IS NULL")
    )
    for table in ("carrier_day", "carrier_difference"):
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO epoch_admin")
        op.execute(f"GRANT SELECT ON {table} TO epoch_staff")
    op.add_column("call", sa.Column("price_due_at", TIME, nullable=True))
    op.create_index(
        "ix_call_price_due", "call", ["price_due_at"], postgresql_where=sa.text("price_due_at IS NOT NULL")
    )
    op.add_column("call", sa.Column("erased_at", TIME, nullable=True))
    op.add_column("organization", sa.Column("retention_months", sa.Integer(), nullable=True))
    op.add_column("organization", sa.Column("calls_erased_through", sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column("organization", "calls_erased_through")
    op.drop_column("organization", "retention_months")
    op.drop_column("call", "erased_at")
    op.drop_index("ix_call_price_due", "call")
    op.drop_column("call", "price_due_at")
    op.drop_table("carrier_difference")
    op.drop_table("carrier_day")
