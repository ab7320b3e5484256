"""Prepare the table of calls for incoming calls: optional token, phone that answered, attestation, two statuses.

Revision ID: d5e29f8ba301
Revises: c4d18e7a92f0
Create Date: 2026-11-29 16:51:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "d5e29f8ba301"
down_revision: str | None = "c4d18e7a92f0"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

OUTGOING_STATUSES = "'initiated', 'ringing', 'in-progress', 'completed', 'busy', 'no-answer', 'failed', 'canceled', 'refused'"


def upgrade() -> None:
    op.add_column("call", sa.Column("answered_by", sa.Text(), nullable=True))
    op.add_column("call", sa.Column("attestation", sa.Text(), nullable=True))
    # Workers of the previous version only write calls with a token, and can show calls without one.
    op.execute("-- squawk-ignore ban-drop-not-null\nALTER TABLE call ALTER COLUMN token_id DROP NOT NULL")
    # Replaced in the same transaction by a constraint that allows more statuses.
    op.execute("-- squawk-ignore ban-drop-constraint\nALTER TABLE call DROP CONSTRAINT ck_call_status")
    op.create_check_constraint(
        op.f("ck_call_status"), "call", f"status IN ({OUTGOING_STATUSES}, 'voicemail', 'abandoned')", postgresql_not_valid=True
    )


def downgrade() -> None:
    # The previous version cannot read incoming calls.
    op.execute("DELETE FROM call WHERE direction = 'inbound'")
    op.drop_constraint(op.f("ck_call_status"), "call", type_="check")
    op.create_check_constraint(op.f("ck_call_status"), "call", f"status IN ({OUTGOING_STATUSES})")
    op.execute("ALTER TABLE call ALTER COLUMN token_id SET NOT NULL")
    op.drop_column("call", "attestation")
    op.drop_column("call", "answered_by")
