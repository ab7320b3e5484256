"""Add the trigger that emits events of calls, and the version of a call, which grows with changes after its end.

Revision ID: 2f6d9b4e8a01
Revises: 1e5c8a3d7f90
Create Date: 2026-11-29 17:01:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "2f6d9b4e8a01"
down_revision: str | None = "1e5c8a3d7f90"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# A call that is inserted with a final status other than refused emits no event: it is imported, or from the demo.
EMIT = """
    CREATE FUNCTION emit_call_event() RETURNS trigger LANGUAGE plpgsql AS
    $$ DECLARE
        live CONSTANT text[] := ARRAY['initiated', 'ringing', 'in-progress'];
        event text;
    BEGIN
        IF TG_OP = 'INSERT' THEN
            event := CASE WHEN NEW.status = ANY (live) THEN 'call.started'
                          WHEN NEW.status = 'refused' THEN 'call.ended' END;
        ELSIF NEW.version > OLD.version THEN
            event := 'call.updated';
        ELSIF OLD.status = ANY (live) THEN
            event := CASE WHEN NEW.status <> ALL (live) THEN 'call.ended'
                          WHEN NEW.status = 'in-progress' AND OLD.status <> NEW.status THEN 'call.answered' END;
        END IF;
        IF event IS NOT NULL THEN
            INSERT INTO event_outbox (organization, type, subject_id, source, content)
            VALUES (NEW.organization_id, event, NEW.id, 'call', to_json(NEW));
        END IF;
        RETURN NULL;
    END $$
"""


def upgrade() -> None:
    op.add_column("call", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.execute(EMIT)
    op.execute("CREATE TRIGGER emits_first_event AFTER INSERT ON call FOR EACH ROW EXECUTE FUNCTION emit_call_event()")
    op.execute(
        "CREATE TRIGGER emits_event AFTER UPDATE ON call FOR EACH ROW"
        " WHEN (OLD.status IS DISTINCT FROM NEW.status OR OLD.version IS DISTINCT FROM NEW.version)"
        " EXECUTE FUNCTION emit_call_event()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER emits_event ON call")
    op.execute("DROP TRIGGER emits_first_event ON call")
    op.execute("DROP FUNCTION emit_call_event()")
    op.drop_column("call", "version")
