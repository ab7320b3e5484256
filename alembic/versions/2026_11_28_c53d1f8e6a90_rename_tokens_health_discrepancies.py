"""Rename three tables, and some of their columns.

The tables one_time_link, carrier_standing and number_difference become one_time_token, carrier_health_report and
phone_number_discrepancy.

Revision ID: c53d1f8e6a90
Revises: c7d1f0a83b52
Create Date: 2026-11-28 13:00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "c53d1f8e6a90"
down_revision: str | None = "c7d1f0a83b52"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLES = (
    ("one_time_link", "one_time_token"),
    ("carrier_standing", "carrier_health_report"),
    ("number_difference", "phone_number_discrepancy"),
)
CONSTRAINTS = (
    ("one_time_token", "pk_one_time_link", "pk_one_time_token"),
    ("one_time_token", "uq_one_time_link_digest", "uq_one_time_token_digest"),
    ("one_time_token", "fk_one_time_link_user_id", "fk_one_time_token_user_id"),
    ("one_time_token", "ck_one_time_link_purpose", "ck_one_time_token_purpose"),
    ("carrier_health_report", "pk_carrier_standing", "pk_carrier_health_report"),
    ("carrier_health_report", "ck_carrier_standing_state", "ck_carrier_health_report_state"),
    ("phone_number_discrepancy", "pk_number_difference", "pk_phone_number_discrepancy"),
    ("phone_number_discrepancy", "uq_number_difference_e164_why", "uq_phone_number_discrepancy_e164_reason"),
)
INDEXES = (
    ("ix_one_time_link_user_id_purpose", "ix_one_time_token_user_id_purpose"),
    ("ix_carrier_standing_seen_at", "ix_carrier_health_report_reported_at"),
)
COLUMNS = (
    ("carrier_health_report", "seen_at", "reported_at"),
    ("phone_number_discrepancy", "why", "reason"),
    ("phone_number_discrepancy", "seen_at", "last_seen_at"),
)


def upgrade() -> None:
    for old, new in TABLES:
        op.rename_table(old, new)
    for table, old, new in COLUMNS:
        op.alter_column(table, old, new_column_name=new)
    for table, old, new in CONSTRAINTS:
        op.execute(f"ALTER TABLE {table} RENAME CONSTRAINT {old} TO {new}")
    for old, new in INDEXES:
        op.execute(f"ALTER INDEX {old} RENAME TO {new}")


def downgrade() -> None:
    for old, new in INDEXES:
        op.execute(f"ALTER INDEX {new} RENAME TO {old}")
    for table, old, new in CONSTRAINTS:
        op.execute(f"ALTER TABLE {table} RENAME CONSTRAINT {new} TO {old}")
    for table, old, new in COLUMNS:
        op.alter_column(table, new, new_column_name=old)
    for old, new in TABLES:
        op.rename_table(new, old)
