"""Add the transcripts of voicemails.

Revision ID: a81c4e60d2f7
Revises: 4f0a7d93be58
Create Date: 2026-11-30 04:20:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "a81c4e60d2f7"
down_revision: str | None = "4f0a7d93be58"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("voicemail", sa.Column("transcript_status", sa.String(32), nullable=True))
    op.add_column("voicemail", sa.Column("transcript", sa.Text(), nullable=True))
    op.add_column("voicemail", sa.Column("transcription_sid", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_voicemail_transcript_status"),
        "voicemail",
        "transcript_status IN ('pending', 'completed', 'failed')",
        postgresql_not_valid=True,
    )


def downgrade() -> None:
    op.drop_column("voicemail", "transcription_sid")
    op.drop_column("voicemail", "transcript")
    op.drop_column("voicemail", "transcript_status")
