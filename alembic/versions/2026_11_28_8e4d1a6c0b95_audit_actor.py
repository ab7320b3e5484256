"""Let the database check the actor of an audit event against the session, and set the event's actor name and time.

Revision ID: 8e4d1a6c0b95
Revises: e4a7c2b91d05
Create Date: 2026-11-28 21:20:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "8e4d1a6c0b95"
down_revision: str | None = "e4a7c2b91d05"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

APP, ADMIN, STAFF = "epoch_app", "epoch_admin", "epoch_staff"

# Runs as the owner, because requests may not read the table staff.
ACTOR_NAME = """
    CREATE FUNCTION audit_actor_name(kind text, actor uuid) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = public, pg_temp AS
    $$ SELECT CASE kind
        WHEN 'system' THEN 'Epoch Voice'
        WHEN 'user' THEN (SELECT email FROM user_account WHERE id = actor)
        WHEN 'api_key' THEN (SELECT coalesce(nullif(label, ''), prefix) FROM api_key WHERE id = actor)
        WHEN 'staff' THEN (SELECT email FROM staff WHERE id = actor)
    END $$
"""
# app.actor is the kind and the id of an actor that is no user of the organization: an API key, or staff who act for a
# customer. Without it the session acts as its user, as staff in the back office, or as the product itself. The role of
# jobs and the command line may record events of any actor; a name that it gives is stored only if the database finds
# no name, and a time that it gives is stored.
SET_ACTOR = f"""
    CREATE FUNCTION set_audit_actor() RETURNS trigger LANGUAGE plpgsql AS
    $$ DECLARE
        person text := nullif(current_setting('app.user', true), '');
        actor text := nullif(current_setting('app.actor', true), '');
        is_for_others boolean := current_user NOT IN ('{APP}', '{STAFF}');
    BEGIN
        actor := coalesce(actor, CASE
            WHEN person IS NOT NULL THEN CASE current_user WHEN '{STAFF}' THEN 'staff:' ELSE 'user:' END || person
            WHEN NOT is_for_others THEN 'system'
        END);
        IF concat_ws(':', NEW.actor_kind, NEW.actor_id) <> actor THEN
            RAISE EXCEPTION 'audit_event: the session does not act as this actor' USING ERRCODE = 'insufficient_privilege';
        END IF;
        IF NOT is_for_others THEN NEW.created_at := now(); END IF;
        NEW.actor_name := coalesce(
            audit_actor_name(NEW.actor_kind, NEW.actor_id), CASE WHEN is_for_others THEN NEW.actor_name END
        );
        IF NEW.actor_name IS NULL THEN
            RAISE EXCEPTION 'audit_event: there is no such actor' USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END $$
"""


def upgrade() -> None:
    op.execute(ACTOR_NAME)
    op.execute("REVOKE EXECUTE ON FUNCTION audit_actor_name(text, uuid) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION audit_actor_name(text, uuid) TO {APP}, {ADMIN}, {STAFF}")
    op.execute(SET_ACTOR)
    op.execute(
        "CREATE TRIGGER has_actor_of_session BEFORE INSERT ON audit_event FOR EACH ROW"
        " EXECUTE FUNCTION set_audit_actor()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER has_actor_of_session ON audit_event")
    op.execute("DROP FUNCTION set_audit_actor()")
    op.execute("DROP FUNCTION audit_actor_name(text, uuid)")
