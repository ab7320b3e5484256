"""Rename the table refused_origin to blocked_origin.

Revision ID: b1a9c04e77d2
Revises: 4b8e17f0c9a2
Create Date: 2026-11-28 12:00:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "b1a9c04e77d2"
down_revision: str | None = "4b8e17f0c9a2"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

CONSTRAINTS = ("pk_{}", "uq_{}_token_id_origin", "fk_{}_organization_id", "fk_{}_token_id")


def upgrade() -> None:
    _rename("refused_origin", "blocked_origin")


def downgrade() -> None:
    _rename("blocked_origin", "refused_origin")


def _rename(old: str, new: str) -> None:
    op.rename_table(old, new)
    for name in CONSTRAINTS:
        op.execute(f"ALTER TABLE {new} RENAME CONSTRAINT {name.format(old)} TO {name.format(new)}")
    op.execute(f"ALTER INDEX ix_{old}_organization_id RENAME TO ix_{new}_organization_id")
