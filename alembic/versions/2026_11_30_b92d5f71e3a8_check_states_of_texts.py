"""Validate the transcript statuses of existing voicemails.

Revision ID: b92d5f71e3a8
Revises: a81c4e60d2f7
Create Date: 2026-11-30 04:21:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "b92d5f71e3a8"
down_revision: str | None = "a81c4e60d2f7"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE voicemail VALIDATE CONSTRAINT ck_voicemail_transcript_status")


def downgrade() -> None:
    """Does nothing: the previous version works with a validated constraint."""
