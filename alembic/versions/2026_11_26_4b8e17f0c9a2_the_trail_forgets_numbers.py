"""Mask the phone numbers of other parties in old audit events, as the product does for new ones.

The downgrade cannot restore the numbers.

Revision ID: 4b8e17f0c9a2
Revises: b3f6d8e1024a
Create Date: 2026-11-26 09:10:00
"""

from collections.abc import Sequence

from alembic import op

revision: str = "4b8e17f0c9a2"
down_revision: str | None = "b3f6d8e1024a"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# The same masking as in the product. A masked number has no digits except its last four.
MASKED_SQL = "'…' || right(regexp_replace({}, '[^0-9]', '', 'g'), 4)"
NUMBER = r"^\s*[+(]?[0-9 ().\-/]{5,}\s*$"
DATE = r"^\s*\d{4}-\d{2}-\d{2}\s*$"


def upgrade() -> None:
    # The trigger refuses every change, and row-level security hides the rows from the owner too.
    op.execute("ALTER TABLE audit_event DISABLE TRIGGER append_only")
    op.execute("ALTER TABLE audit_event NO FORCE ROW LEVEL SECURITY")
    for side in ("before", "after"):
        op.execute(
            f"""
            UPDATE audit_event SET details = jsonb_set(details, '{{{side},blocked_numbers}}', (
                SELECT coalesce(jsonb_agg({MASKED_SQL.format("number")} ORDER BY place), '[]')
                FROM jsonb_array_elements_text(details #> '{{{side},blocked_numbers}}') WITH ORDINALITY n (number, place)
            ))
            WHERE action = 'calling_rules.changed'
              AND jsonb_typeof(details #> '{{{side},blocked_numbers}}') = 'array'
              AND details #>> '{{{side},blocked_numbers}}' ~ '[0-9]{{5}}'
            """
        )
    for action, before in (("call.viewed", "Call to "), ("call.cut_off", "")):
        op.execute(
            f"""
            UPDATE audit_event SET subject_name = '{before}' || {MASKED_SQL.format("subject_name")}
            WHERE action = '{action}' AND length(regexp_replace(subject_name, '[^0-9]', '', 'g')) > 4
            """
        )
    op.execute(
        f"""
        UPDATE audit_event SET details = jsonb_set(details, '{{filters}}', (
            SELECT jsonb_object_agg(name, CASE
                WHEN value ~ '{NUMBER}' AND value !~ '{DATE}' THEN {MASKED_SQL.format("value")} ELSE value END)
            FROM jsonb_each_text(details -> 'filters') f (name, value)
        ))
        WHERE action = 'records.exported' AND jsonb_typeof(details -> 'filters') = 'object'
          AND EXISTS (
              SELECT FROM jsonb_each_text(details -> 'filters') f (name, value)
              WHERE value ~ '{NUMBER}' AND value !~ '{DATE}'
          )
        """
    )
    op.execute("ALTER TABLE audit_event FORCE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE audit_event ENABLE TRIGGER append_only")


def downgrade() -> None:
    pass
