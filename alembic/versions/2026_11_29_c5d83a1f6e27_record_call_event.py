"""Add the function that records a call event and returns the call with its events.

Revision ID: c5d83a1f6e27
Revises: 3a7e0c5f9b12
Create Date: 2026-11-29 16:55:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "c5d83a1f6e27"
down_revision: str | None = "3a7e0c5f9b12"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# A function and not a single statement: transactions with events of the same call wait for the call's row, and only a
# new statement sees the events that others inserted meanwhile. The function runs with the rights of the role that calls
# it, so that row-level security applies.
RECORD_CALL_EVENT = """
    CREATE FUNCTION record_call_event(
        of_organization uuid, parent_sid text, event_id uuid, of_leg text, of_child boolean, new_kind text,
        new_sequence integer, at timestamptz, seconds integer, sip integer, result text, error integer
    ) RETURNS TABLE (recorded_call text, recorded_events text) LANGUAGE plpgsql AS
    $$ DECLARE
        locked call;
    BEGIN
        SELECT * INTO locked FROM call c
        WHERE c.organization_id = of_organization AND c.carrier_sid = parent_sid FOR UPDATE;
        IF NOT FOUND THEN
            RETURN;
        END IF;
        IF locked.status <> 'refused' AND locked.erased_at IS NULL THEN
            INSERT INTO call_event (id, organization_id, call_record_id, leg_sid, is_child, kind, sequence, occurred_at,
                                    duration, sip_code, dial_status, error_code)
            VALUES (event_id, of_organization, locked.id, of_leg, of_child, new_kind, new_sequence, at,
                    seconds, sip, result, error)
            ON CONFLICT DO NOTHING;
        END IF;
        RETURN QUERY SELECT to_json(locked)::text, (
            SELECT coalesce(json_agg(e), '[]')::text FROM (
                SELECT v.is_child, v.kind, v.sequence, v.occurred_at, v.duration, v.sip_code, v.dial_status,
                       v.error_code
                FROM call_event v
                WHERE v.organization_id = of_organization AND v.call_record_id = locked.id
            ) e
        );
    END $$
"""


def upgrade() -> None:
    op.execute(RECORD_CALL_EVENT)


def downgrade() -> None:
    op.execute("DROP FUNCTION record_call_event")
