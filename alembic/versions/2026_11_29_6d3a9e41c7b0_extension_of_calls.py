"""Add the extension of a call, which the browser sends as tones (DTMF) after the answer.

Revision ID: 6d3a9e41c7b0
Revises: f2b94d17a3c6
Create Date: 2026-11-29 09:40:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "6d3a9e41c7b0"
down_revision: str | None = "f2b94d17a3c6"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("call", sa.Column("extension", sa.Text(), nullable=True))
    op.create_check_constraint(op.f("ck_call_extension"), "call", "extension ~ '^[0-9*#]{1,20}$'")


def downgrade() -> None:
    op.drop_column("call", "extension")
