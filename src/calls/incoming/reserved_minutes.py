"""SQL for the number of live incoming calls, and the most minutes and cost that their legs may still use."""

from calls.incoming.call_state import NOT_FORWARDED, UNANSWERED, VOICEMAIL_OFFERED

UNFORWARDED_MINUTES = 5
"""The longest call that is not forwarded: its caller hears prompts, or leaves a message."""
# After these events no phone rings any more: only the caller's leg goes on, at most for the length of a message.
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
"""The number of live incoming calls, and the minutes and the cost that they reserve. A call that may be forwarded
reserves the minutes of two legs. A call without a known end reserves nothing after two hours."""
