"""Let the look-up role read the called number of a call, which the answer of ``POST /widget/status`` has.

Revision ID: 7be2c90f4a15
Revises: 6d3a9e41c7b0
Create Date: 2026-11-29 10:00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "7be2c90f4a15"
down_revision: str | None = "6d3a9e41c7b0"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("GRANT SELECT (to_number) ON call TO epoch_lookup")


def downgrade() -> None:
    op.execute("REVOKE SELECT (to_number) ON call FROM epoch_lookup")
