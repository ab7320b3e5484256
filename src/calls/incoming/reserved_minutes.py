"""Minutes reserved by live incoming calls: the most that their legs may still use. SQL and plain values."""

from calls.incoming.call_state import NOT_FORWARDED, UNANSWERED, VOICEMAIL_OFFERED

UNFORWARDED_MINUTES = 5
"""The longest call without a forwarded phone: its caller hears prompts, or leaves a message."""
# After these events no phone rings: only the caller's leg goes on, for as long as a message takes.
_RESERVED_MINUTES_SQL = f"""
    CASE WHEN EXISTS (
        SELECT FROM call_event e WHERE e.organization_id = c.organization_id AND e.call_record_id = c.id
        AND e.kind IN ('{VOICEMAIL_OFFERED}', '{NOT_FORWARDED}', '{UNANSWERED}')
    ) THEN least(2 * c.limit_minutes, {UNFORWARDED_MINUTES}) ELSE 2 * c.limit_minutes END
"""
LIVE_INCOMING_SQL = "".join(
    (
        """
        SELECT count(*) AS calls, coalesce(sum(live.minutes), 0)::bigint AS minutes,
               coalesce(sum(live.minutes * live.rate_micros), 0)::bigint AS micros
        FROM (SELECT c.rate_micros,
        """,
        _RESERVED_MINUTES_SQL,
        """
        AS minutes FROM call c
        WHERE c.organization_id = :organization AND c.status IN ('initiated','ringing','in-progress')
          AND c.direction = 'inbound' AND c.started_at > :now - interval '2 hours') AS live
        """,
    )
)
"""The number of live incoming calls, and the minutes and the cost that they hold. A call that phones may take holds the
minutes of both its legs; after two hours one that is not known to be over holds nothing."""
