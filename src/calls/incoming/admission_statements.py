"""SQL statements of the admission of incoming calls: count usage and callers, read the context, insert the call."""

from typing import Any

import sqlalchemy as sa

from calls.incoming.reserved_minutes import LIVE_INCOMING_SQL
from calls.limits.usage_statements import CALLING_PAUSE_LOCK
from kit.db.raw import CompiledStatement

_UUIDS = tuple(sa.bindparam(name, type_=sa.Uuid()) for name in ("id", "organization"))
_TIMES = {name: sa.bindparam(name, type_=sa.TIMESTAMP(timezone=True)) for name in ("day", "month", "now", "hour_ago")}
ADD_USAGE = CompiledStatement(
    sa.text(
        """
    INSERT INTO incoming_usage AS u (id, organization_id, day, day_minutes, day_micros, month, month_micros)
    VALUES (:id, :organization, :day, greatest(:minutes, 0), greatest(:day_micros, 0), :month,
            greatest(:month_micros, 0))
    ON CONFLICT (organization_id) DO UPDATE SET
        day = greatest(u.day, :day),
        day_minutes = greatest(CASE WHEN u.day >= :day THEN u.day_minutes ELSE 0 END + :minutes, 0),
        day_micros = greatest(CASE WHEN u.day >= :day THEN u.day_micros ELSE 0 END + :day_micros, 0),
        month = greatest(u.month, :month),
        month_micros = greatest(CASE WHEN u.month >= :month THEN u.month_micros ELSE 0 END + :month_micros, 0)
    RETURNING day_minutes, day_micros, month_micros
    """
    ).bindparams(
        *_UUIDS,
        _TIMES["day"],
        _TIMES["month"],
        *(sa.bindparam(name, type_=sa.BigInteger()) for name in ("minutes", "day_micros", "month_micros")),
    )
)
"""Locks the organization's row. Sums of a past day or month are reset first; no sum falls below zero."""
_OUTGOING_SPENDING = (
    sa.text(
        """
    SELECT CASE WHEN u.day >= :day THEN u.day_micros ELSE 0 END AS day_micros,
           CASE WHEN u.month >= :month THEN u.month_micros ELSE 0 END AS month_micros,
           u.reserved_micros
    FROM usage_counter u WHERE u.organization_id = :organization AND u.scope = 'organization'
    """
    )
    .bindparams(_UUIDS[1], _TIMES["day"], _TIMES["month"])
    .columns(*(sa.column(name, sa.BigInteger()) for name in ("day_micros", "month_micros", "reserved_micros")))
    .subquery("outgoing")
)
OUTGOING_SPENDING = CompiledStatement(sa.select(*_OUTGOING_SPENDING.c))
"""The cost of outgoing calls of the day and the month, and the cost that live ones reserve."""
_LIVE = (
    sa.text(LIVE_INCOMING_SQL)
    .bindparams(_UUIDS[1], _TIMES["now"])
    .columns(*(sa.column(name, sa.BigInteger()) for name in ("calls", "minutes", "micros")))
    .subquery("live")
)
LIVE_AND_OUTGOING_SPENDING = CompiledStatement(
    sa.select(
        *_LIVE.c,
        *(sa.func.coalesce(column, sa.literal_column("0")).label(column.name) for column in _OUTGOING_SPENDING.c),
        sa.func.pg_advisory_xact_lock_shared(sa.func.hashtext(sa.literal_column(f"'{CALLING_PAUSE_LOCK}'"))),
    ).select_from(_LIVE.outerjoin(_OUTGOING_SPENDING, sa.true()))
)
"""The minutes and the cost that live incoming calls reserve, and the columns of ``OUTGOING_SPENDING``.

Takes the shared lock for which a pause of all calls waits; a later statement reads whether calls are paused.
"""
_CONTEXT_SQL = """
    SELECT o.id, o.name, o.slug, o.plan, o.country, o.time_zone, o.suspended_at IS NOT NULL AS is_suspended,
           o.created_at AS founded_at, o.limits AS permanent_overrides, answer.settings, r.limits AS own, r.countries,
           (SELECT jsonb_object_agg(v.name, v.value) FROM limit_override v
            WHERE v.organization_id = :organization AND v.ends_at > :now) AS overrides,
           EXISTS (SELECT FROM calling_pause) AS is_paused,
           EXISTS (SELECT FROM call c WHERE c.organization_id = :organization AND c.carrier_sid = :sid) AS is_stored,
           ARRAY(SELECT b.number
                 FROM jsonb_array_elements_text(coalesce(answer.settings -> 'forward_to', '[]')
                      || coalesce(answer.settings -> 'after_hours' -> 'forward_to', '[]')) AS phone (e164)
                 JOIN blocked_number b ON b.organization_id = :organization AND b.number = phone.e164) AS blocked_phones
    FROM organization o
    JOIN phone_number n ON n.organization_id = o.id AND n.e164 = :called AND n.released_at IS NULL
    LEFT JOIN incoming_call_settings own ON own.organization_id = o.id AND own.phone_number_id = n.id
    LEFT JOIN incoming_call_settings general ON general.organization_id = o.id AND general.phone_number_id IS NULL
    LEFT JOIN calling_rules r ON r.organization_id = o.id
    CROSS JOIN LATERAL (SELECT coalesce(own.settings, general.settings) AS settings) AS answer
    WHERE o.id = :organization AND o.deleted_at IS NULL
"""
_CONTEXT_PARAMETERS: tuple[sa.BindParameter[Any], ...] = (
    _UUIDS[1],
    _TIMES["now"],
    *(sa.bindparam(name, type_=sa.Text()) for name in ("called", "sid")),
)
CONTEXT = CompiledStatement(sa.text(_CONTEXT_SQL).bindparams(*_CONTEXT_PARAMETERS))
"""The organization that holds the called number, its settings and rules, and the forward numbers that it blocked."""
LOCKED_CONTEXT = CompiledStatement(sa.text(_CONTEXT_SQL + "FOR SHARE OF o, n").bindparams(*_CONTEXT_PARAMETERS))
"""As ``CONTEXT``. A concurrent suspension waits until the call is stored, so that it ends this call too."""
COUNT_CALLER = CompiledStatement(
    sa.text(
        """
    WITH old_callers AS (
        DELETE FROM incoming_caller WHERE id IN (
            SELECT id FROM incoming_caller
            WHERE organization_id = :organization AND hour_start < :hour_ago AND number <> :number
            ORDER BY hour_start LIMIT 5
        )
    )
    INSERT INTO incoming_caller AS c (id, organization_id, number, hour_start, calls)
    VALUES (:id, :organization, :number, :now, 1)
    ON CONFLICT (organization_id, number) DO UPDATE SET
        calls = CASE WHEN c.hour_start > :hour_ago THEN c.calls + 1 ELSE 1 END,
        hour_start = CASE WHEN c.hour_start > :hour_ago THEN c.hour_start ELSE :now END
    RETURNING calls
    """
    ).bindparams(*_UUIDS, _TIMES["now"], _TIMES["hour_ago"], sa.bindparam("number", type_=sa.Text()))
)
"""Counts a call, and returns the number of its caller's calls within the hour. Also deletes five rows of past hours."""
INSERT_CALL = CompiledStatement(
    sa.text(
        """
    INSERT INTO call (id, organization_id, carrier_sid, identity, direction, from_number, to_number, attestation,
        status, started_at, ended_at, end_reason, end_details, limit_minutes, rate_micros)
    VALUES (:id, :organization_id, :carrier_sid, :identity, :direction, :from_number, :to_number, :attestation,
        :status, :started_at, :ended_at, :end_reason, :end_details, :limit_minutes, :rate_micros)
    ON CONFLICT (carrier_sid) DO NOTHING RETURNING id
    """
    )
)
