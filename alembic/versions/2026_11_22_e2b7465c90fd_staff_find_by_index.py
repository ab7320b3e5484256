"""Add indexes for searches that staff make, and let staff read the state of the outbox.

Revision ID: e2b7465c90fd
Revises: e25c9b7f1a60
Create Date: 2026-11-22 22:25:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "e2b7465c90fd"
down_revision: str | None = "e25c9b7f1a60"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

STAFF = "epoch_staff"
PREFIX_INDEXES = {
    "ix_organization_name_prefix": ("organization", sa.text("lower(name) text_pattern_ops")),
    "ix_organization_slug_prefix": ("organization", sa.text("slug text_pattern_ops")),
    "ix_user_account_email_prefix": ("user_account", sa.text("email text_pattern_ops")),
    "ix_phone_number_e164_prefix": ("phone_number", sa.text("e164 text_pattern_ops")),
    "ix_call_to_number_prefix": ("call", sa.text("to_number text_pattern_ops")),
}


def upgrade() -> None:
    for name, (table, column) in PREFIX_INDEXES.items():
        op.create_index(name, table, [column])
    # Of the column ``prefix``, the first characters of a token.
    op.create_index("ix_embed_token_prefix", "embed_token", ["prefix"])
    op.create_index("ix_organization_suspended", "organization", ["id"], postgresql_where=sa.text("suspended_at IS NOT NULL"))
    op.execute(f"GRANT SELECT (id, kind, attempts, due_at, given_up_at, failure, created_at) ON outbox TO {STAFF}")


def downgrade() -> None:
    op.execute(f"REVOKE ALL ON outbox FROM {STAFF}")
    op.execute(f"REVOKE SELECT (id, kind, attempts, due_at, given_up_at, failure, created_at) ON outbox FROM {STAFF}")
    op.drop_index("ix_organization_suspended", "organization")
    op.drop_index("ix_embed_token_prefix", "embed_token")
    for name, (table, _) in PREFIX_INDEXES.items():
        op.drop_index(name, table)
