"""Rename the tables of calls, their columns and their indexes to plain names.

Revision ID: c7d1f0a83b52
Revises: b1a9c04e77d2
Create Date: 2026-11-28 09:00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "c7d1f0a83b52"
down_revision: str | None = "b1a9c04e77d2"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLES = (
    ("orphan_event", "unmatched_event"),
    ("folded_refusal", "capped_rejection"),
    ("call_use", "usage_counter"),
    ("carrier_day", "reconciled_day"),
    ("carrier_difference", "call_discrepancy"),
)
# By the table's new name. Grants, policies and the rows themselves follow a renamed table.
COLUMNS = (
    ("capped_rejection", "place", "slot"),
    ("capped_rejection", "refused_at", "rejected_at"),
    ("usage_counter", "hour_refused", "hour_rejected"),
    ("usage_counter", "day_refused", "day_rejected"),
    ("usage_counter", "held_minutes", "reserved_minutes"),
    ("usage_counter", "held_micros", "reserved_micros"),
    ("call", "slot_until", "reserved_until"),
)
CONSTRAINTS = (
    ("unmatched_event", "pk_orphan_event", "pk_unmatched_event"),
    (
        "unmatched_event",
        "uq_orphan_event_parent_sid_leg_sid_kind_sequence",
        "uq_unmatched_event_parent_sid_leg_sid_kind_sequence",
    ),
    ("capped_rejection", "pk_folded_refusal", "pk_capped_rejection"),
    ("capped_rejection", "fk_folded_refusal_organization_id", "fk_capped_rejection_organization_id"),
    ("capped_rejection", "fk_folded_refusal_token_id", "fk_capped_rejection_token_id"),
    ("capped_rejection", "uq_folded_refusal_token_id_place", "uq_capped_rejection_token_id_slot"),
    ("usage_counter", "pk_call_use", "pk_usage_counter"),
    ("usage_counter", "ck_call_use_scope", "ck_usage_counter_scope"),
    ("usage_counter", "fk_call_use_organization_id", "fk_usage_counter_organization_id"),
    ("usage_counter", "uq_call_use_organization_id_scope_key", "uq_usage_counter_organization_id_scope_key"),
    ("reconciled_day", "pk_carrier_day", "pk_reconciled_day"),
    ("reconciled_day", "uq_carrier_day_day", "uq_reconciled_day_day"),
    ("call_discrepancy", "pk_carrier_difference", "pk_call_discrepancy"),
    ("call_discrepancy", "ck_carrier_difference_differencekind", "ck_call_discrepancy_kind"),
    ("call_discrepancy", "uq_carrier_difference_carrier_sid_kind", "uq_call_discrepancy_carrier_sid_kind"),
)
INDEXES = (
    ("ix_orphan_event_created_at", "ix_unmatched_event_created_at"),
    ("ix_folded_refusal_organization_id", "ix_capped_rejection_organization_id"),
    ("ix_folded_refusal_carrier_sid", "ix_capped_rejection_carrier_sid"),
    ("ix_folded_refusal_refused_at", "ix_capped_rejection_rejected_at"),
    ("ix_call_use_identity", "ix_usage_counter_identity"),
    ("ix_carrier_difference_day", "ix_call_discrepancy_day"),
    ("ix_carrier_difference_open", "ix_call_discrepancy_open"),
    ("ix_call_slot", "ix_call_reserved_until"),
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
    for new, old in INDEXES:
        op.execute(f"ALTER INDEX {old} RENAME TO {new}")
    for table, new, old in CONSTRAINTS:
        op.execute(f"ALTER TABLE {table} RENAME CONSTRAINT {old} TO {new}")
    for table, new, old in COLUMNS:
        op.alter_column(table, old, new_column_name=new)
    for new, old in TABLES:
        op.rename_table(old, new)
