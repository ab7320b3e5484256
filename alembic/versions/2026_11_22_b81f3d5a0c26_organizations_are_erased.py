"""Allow the erasure of organizations 30 days after their deletion, their audit log included.

Revision ID: b81f3d5a0c26
Revises: b7d04e92c1a8
Create Date: 2026-11-22 22:00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "b81f3d5a0c26"
down_revision: str | None = "b7d04e92c1a8"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("organization", sa.Column("erasing_at", sa.TIMESTAMP(timezone=True), nullable=True))
    op.create_index(
        "ix_organization_deleted", "organization", ["deleted_at"], postgresql_where=sa.text("deleted_at IS NOT NULL")
    )
    # The audit log stays append-only, except that it is erased with its organization: a trigger checks that the
    # organization was deleted thirty days ago and is being erased. Requests have no right to delete rows.
    op.execute("GRANT DELETE ON audit_event TO epoch_admin")
    op.execute(
        """
        CREATE FUNCTION refuse_erasure() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN
            IF EXISTS (
                SELECT FROM organization WHERE id = OLD.organization_id
                AND erasing_at IS NOT NULL AND deleted_at < now() - interval '30 days'
            ) THEN RETURN OLD; END IF;
            RAISE EXCEPTION 'audit_event is append-only';
        END $$
        """
    )
    op.execute("DROP TRIGGER append_only ON audit_event")
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON audit_event "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER ends_with_its_organization BEFORE DELETE ON audit_event "
        "FOR EACH ROW EXECUTE FUNCTION refuse_erasure()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER ends_with_its_organization ON audit_event")
    op.execute("DROP TRIGGER append_only ON audit_event")
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute("DROP FUNCTION refuse_erasure()")
    op.execute("REVOKE DELETE ON audit_event FROM epoch_admin")
    op.drop_index("ix_organization_deleted", "organization")
    op.drop_column("organization", "erasing_at")
