"""Add the trigger that marks missed calls as returned when a later call with the caller is answered.

Revision ID: b471e956a02f
Revises: a360d845f91e
Create Date: 2026-11-29 17:08:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "b471e956a02f"
down_revision: str | None = "a360d845f91e"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# A call locks only earlier calls, so that two transactions cannot deadlock. The function has the rights of the role
# that changes the call.
RETURN_MISSED_CALLS = """
    CREATE FUNCTION return_missed_calls() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN
        UPDATE call missed
        SET returned_at = NEW.answered_at, returned_call_id = NEW.id, version = missed.version + 1
        WHERE missed.organization_id = NEW.organization_id
          AND missed.from_number = CASE WHEN NEW.direction = 'inbound' THEN NEW.from_number ELSE NEW.to_number END
          AND missed.direction = 'inbound' AND missed.status IN ('no-answer','voicemail','abandoned')
          AND missed.returned_at IS NULL AND missed.id < NEW.id;
        RETURN NULL;
    END $$
"""


def upgrade() -> None:
    op.execute(RETURN_MISSED_CALLS)
    op.execute(
        "CREATE TRIGGER returns_missed_calls AFTER UPDATE ON call FOR EACH ROW"
        " WHEN (OLD.answered_at IS NULL AND NEW.answered_at IS NOT NULL)"
        " EXECUTE FUNCTION return_missed_calls()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER returns_missed_calls ON call")
    op.execute("DROP FUNCTION return_missed_calls()")
