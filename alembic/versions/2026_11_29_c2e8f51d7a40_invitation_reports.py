"""Add reports of unwanted invitations by their recipients, and the pause of an organization's invitations.

Revision ID: c2e8f51d7a40
Revises: b81c4d7e9f20
Create Date: 2026-11-29 02:10:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "c2e8f51d7a40"
down_revision: str | None = "b81c4d7e9f20"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

APP, ADMIN, STAFF = "epoch_app", "epoch_admin", "epoch_staff"
TABLE = "invitation_report"
ORGANIZATION = "nullif(current_setting('app.organization', true), '')::uuid"
PERSON = "nullif(current_setting('app.user', true), '')::uuid"
PAUSE_COLUMNS = ("invitations_paused_at", "invitations_resumed_at")
# All except the recipient's digest.
STAFF_COLUMNS = "(id, organization_id, invitation_id, invited_by, reports_so_far, created_at)"


def upgrade() -> None:
    for column in PAUSE_COLUMNS:
        op.add_column("organization", sa.Column(column, sa.TIMESTAMP(timezone=True), nullable=True))
    op.create_index(
        "ix_organization_invitations_paused",
        "organization",
        ["id"],
        postgresql_where=sa.text("invitations_paused_at IS NOT NULL"),
    )
    op.create_table(
        TABLE,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("invitation_id", sa.Uuid(), nullable=True),
        sa.Column("invited_by", sa.Uuid(), nullable=True),
        sa.Column("recipient", sa.LargeBinary(), nullable=False),
        sa.Column("reports_so_far", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name=op.f(f"fk_{TABLE}_organization_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["invitation_id"], ["invitation.id"], name=op.f(f"fk_{TABLE}_invitation_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["invited_by"], ["user_account.id"], name=op.f(f"fk_{TABLE}_invited_by"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        sa.UniqueConstraint("organization_id", "recipient", name=op.f(f"uq_{TABLE}_organization_id_recipient")),
    )
    op.create_index(op.f(f"ix_{TABLE}_recipient_invited_by"), TABLE, ["recipient", "invited_by"])
    for column in ("invitation_id", "invited_by"):
        op.create_index(op.f(f"ix_{TABLE}_{column}"), TABLE, [column])
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {TABLE} TO {APP}, {ADMIN}")
    op.execute(f"GRANT SELECT {STAFF_COLUMNS} ON {TABLE} TO {STAFF}")
    op.execute(f"ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {TABLE} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY tenant ON {TABLE} TO {APP} "
        f"USING (organization_id = {ORGANIZATION}) WITH CHECK (organization_id = {ORGANIZATION})"
    )
    # A report applies to all organizations of the user who sent the invitation.
    op.execute(f"CREATE POLICY own ON {TABLE} FOR SELECT TO {APP} USING (invited_by = {PERSON})")
    op.execute(f"CREATE POLICY everything ON {TABLE} TO {ADMIN} USING (true) WITH CHECK (true)")
    op.execute(f"CREATE POLICY staff ON {TABLE} FOR SELECT TO {STAFF} USING (true)")


def downgrade() -> None:
    op.drop_table(TABLE)
    op.drop_index("ix_organization_invitations_paused", "organization")
    for column in PAUSE_COLUMNS:
        op.drop_column("organization", column)
