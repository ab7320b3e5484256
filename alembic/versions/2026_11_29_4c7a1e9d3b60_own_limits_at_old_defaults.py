"""Let organizations that stored the former default of a limit follow the new one.

The settings page stored every limit, also those that nobody changed.

Revision ID: 4c7a1e9d3b60
Revises: 4f1b8c6d2e97
Create Date: 2026-11-29 06:00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "4c7a1e9d3b60"
down_revision: str | None = "4f1b8c6d2e97"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

FORMER_DEFAULTS = {
    "live_calls": 10,
    "live_calls_per_token": 5,
    "calls_per_minute": 60,
    "calls_per_minute_per_token": 30,
    "calls_per_day": 1000,
    "calls_to_one_number_per_hour": 10,
    "spend_cents_per_day_per_token": 500,
}
DROP_FORMER_DEFAULT = sa.text(
    "UPDATE calling_rules AS r SET limits = r.limits - CAST(:name AS text) FROM organization AS o"
    " WHERE o.id = r.organization_id AND r.limits -> :name = to_jsonb(CAST(:value AS integer))"
    # Not where staff replaced the limit: there the same value was chosen on purpose.
    " AND NOT o.limits ? :name AND NOT EXISTS (SELECT FROM limit_override AS v"
    " WHERE v.organization_id = r.organization_id AND v.name = :name AND v.ends_at > now())"
)


def upgrade() -> None:
    op.execute("SET LOCAL ROLE epoch_admin")
    for name, value in FORMER_DEFAULTS.items():
        op.execute(DROP_FORMER_DEFAULT.bindparams(name=name, value=value))
    op.execute("RESET ROLE")


def downgrade() -> None:
    # The dropped values are the defaults of the former version.
    pass
