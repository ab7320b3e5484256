"""Let staff who pause all calls also end live calls through the outbox.

Revision ID: e70b5f2ac816
Revises: 9e3a64d0f7b1
Create Date: 2026-11-26 02:00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "e70b5f2ac816"
down_revision: str | None = "9e3a64d0f7b1"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

STAFF = "epoch_staff"


def upgrade() -> None:
    op.execute(f"GRANT UPDATE (ends_live_calls) ON calling_pause TO {STAFF}")
    op.execute(f"GRANT INSERT ON outbox TO {STAFF}")
    op.execute(f"GRANT SELECT (subject) ON outbox TO {STAFF}")


def downgrade() -> None:
    op.execute(f"REVOKE SELECT (subject) ON outbox FROM {STAFF}")
    op.execute(f"REVOKE INSERT ON outbox FROM {STAFF}")
    op.execute(f"REVOKE UPDATE (ends_live_calls) ON calling_pause FROM {STAFF}")
