"""Let the look-up role read an organization's time zone: API keys and the widget's refusals need it.

The same right as in the revision before, which was developed at the same time.

Revision ID: f2b94d17a3c6
Revises: f0a7c35e1b82
Create Date: 2026-11-29 07:10:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "f2b94d17a3c6"
down_revision: str | None = "f0a7c35e1b82"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

LOOKUP = "epoch_lookup"


def upgrade() -> None:
    op.execute(f"GRANT SELECT (time_zone) ON organization TO {LOOKUP}")


def downgrade() -> None:
    op.execute(f"REVOKE SELECT (time_zone) ON organization FROM {LOOKUP}")
