"""Let the look-up role read the time zone of an organization, which the authentication of API keys needs.

Revision ID: f0a7c35e1b82
Revises: e81b5d20c7f4
Create Date: 2026-11-29 07:05:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "f0a7c35e1b82"
down_revision: str | None = "e81b5d20c7f4"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("GRANT SELECT (time_zone) ON organization TO epoch_lookup")


def downgrade() -> None:
    op.execute("REVOKE SELECT (time_zone) ON organization FROM epoch_lookup")
