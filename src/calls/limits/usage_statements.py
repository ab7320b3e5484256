"""SQL statements of outgoing calls' usage counters: lock and read, add a call's usage, release its reservation."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from kit.db.raw import CompiledStatement

CALLING_PAUSE_LOCK = "calling.pause"
"""Name of an advisory lock. Every call takes it as a shared lock from its check until it is stored; a pause of all
calls takes it exclusively. So a call is checked after the pause began, or is stored before it."""
_WINDOW_VALUES = {
    "minute_attempts": "CASE WHEN u.minute_start > :minute_ago THEN u.minute_attempts ELSE 0 END",
    "minute_start": "CASE WHEN u.minute_start > :minute_ago THEN u.minute_start ELSE :now END",
    "hour_rejected": "CASE WHEN u.hour_start > :hour_ago THEN u.hour_rejected ELSE 0 END",
    "hour_start": "CASE WHEN u.hour_start > :hour_ago THEN u.hour_start ELSE :now END",
    "day_attempts": "CASE WHEN u.day >= :day THEN u.day_attempts ELSE 0 END",
    "day_rejected": "CASE WHEN u.day >= :day THEN u.day_rejected ELSE 0 END",
    "day_minutes": "CASE WHEN u.day >= :day THEN u.day_minutes ELSE 0 END",
    "day_micros": "CASE WHEN u.day >= :day THEN u.day_micros ELSE 0 END",
    "day": "greatest(u.day, :day)",
    "month_minutes": "CASE WHEN u.month >= :month THEN u.month_minutes ELSE 0 END",
    "month_micros": "CASE WHEN u.month >= :month THEN u.month_micros ELSE 0 END",
    "month": "greatest(u.month, :month)",
}
"""SQL for the present value of each column of a window, which may be past."""
_RELEASE_COLUMNS = (
    "live",
    "reserved_minutes",
    "reserved_micros",
    "day_minutes",
    "day_micros",
    "month_minutes",
    "month_micros",
)
"""The columns that the end of a call changes."""
_RETURNING_USAGE = """
    RETURNING scope, live, reserved_minutes, reserved_micros, minute_attempts, hour_rejected, day_attempts,
              day_minutes, day_micros, month_minutes, month_micros
"""
# Every transaction writes the rows in this order: the lock of the organization's row protects the other two.
_UPSERT_ROWS = """
    FROM (VALUES (:id_1, 'organization', ''), (:id_2, 'token', :token), (:id_3, 'identity', :identity))
         AS counter(id, scope, key)
    ON CONFLICT (organization_id, scope, key) DO UPDATE SET
"""


def _assignments(values: Mapping[str, str]) -> str:
    return ", ".join(f"{column} = {value}" for column, value in values.items())


_LOCK_AND_READ_SQL = " ".join(
    (
        "INSERT INTO usage_counter AS u (id, organization_id, scope, key, minute_start, day, month)",
        "SELECT id, :organization, scope, key, :now, :day, :month",
        _UPSERT_ROWS,
        _assignments(_WINDOW_VALUES),
        _RETURNING_USAGE,
        ", pg_advisory_xact_lock_shared(hashtext(:pause_lock))",
    )
)
RELEASE_SQL = " ".join(
    (
        "INSERT INTO usage_counter AS u (id, organization_id, scope, key, minute_start, day, month,",
        ", ".join(_RELEASE_COLUMNS),
        ") SELECT id, :organization, scope, key, :now, :day, :month,",
        ", ".join(f"greatest(:{column}, 0)" for column in _RELEASE_COLUMNS),
        _UPSERT_ROWS,
        _assignments(
            {
                **_WINDOW_VALUES,
                **{
                    column: f"greatest({_WINDOW_VALUES.get(column, f'u.{column}')} + :{column}, 0)"
                    for column in _RELEASE_COLUMNS
                },
            }
        ),
        _RETURNING_USAGE,
    )
)
"""Locks the counters, adds the changes of a call's end, returns them. See ``UsageCounters.release_parameters``."""
_COUNTER_PARAMETERS: tuple[sa.BindParameter[Any], ...] = (
    *(sa.bindparam(name, type_=sa.Uuid()) for name in ("organization", "id_1", "id_2", "id_3")),
    *(sa.bindparam(name, type_=sa.Text()) for name in ("token", "identity")),
    *(
        sa.bindparam(name, type_=sa.TIMESTAMP(timezone=True))
        for name in ("now", "day", "month", "minute_ago", "hour_ago")
    ),
)
LOCK_AND_READ = CompiledStatement(
    sa.text(_LOCK_AND_READ_SQL).bindparams(
        *_COUNTER_PARAMETERS,
        sa.bindparam("pause_lock", CALLING_PAUSE_LOCK, type_=sa.Text()),
    )
)
APPLY_DELTA_SQL = """
    UPDATE usage_counter SET
        live = greatest(live + :live, 0),
        reserved_minutes = greatest(reserved_minutes + :reserved_minutes, 0),
        reserved_micros = greatest(reserved_micros + :reserved_micros, 0),
        minute_attempts = minute_attempts + :attempts,
        day_attempts = day_attempts + :attempts,
        hour_rejected = hour_rejected + :rejected,
        day_rejected = day_rejected + :rejected,
        day_minutes = greatest(day_minutes + :day_minutes, 0),
        day_micros = greatest(day_micros + :day_micros, 0),
        month_minutes = greatest(month_minutes + :month_minutes, 0),
        month_micros = greatest(month_micros + :month_micros, 0)
    WHERE organization_id = :organization
      AND (scope, key) IN (('organization', ''), ('token', :token), ('identity', :identity))
"""
APPLY_DELTA_PARAMETERS: tuple[sa.BindParameter[Any], ...] = (
    sa.bindparam("organization", type_=sa.Uuid()),
    *(sa.bindparam(name, type_=sa.Integer()) for name in ("live", "attempts", "rejected")),
    *(
        sa.bindparam(name, type_=sa.BigInteger())
        for name in (
            "reserved_minutes",
            "reserved_micros",
            "day_minutes",
            "day_micros",
            "month_minutes",
            "month_micros",
        )
    ),
)
RELEASE_PARAMETERS = (
    *_COUNTER_PARAMETERS,
    *(parameter for parameter in APPLY_DELTA_PARAMETERS if parameter.key in _RELEASE_COLUMNS),
)
APPLY_DELTA = CompiledStatement(sa.text(APPLY_DELTA_SQL).bindparams(*APPLY_DELTA_PARAMETERS))
DELETE_UNUSED_IDENTITY = CompiledStatement(
    sa.text(
        """
    DELETE FROM usage_counter
    WHERE organization_id = :organization AND scope = 'identity' AND key = :identity AND day_attempts = 0 AND live = 0
    """
    ).bindparams(sa.bindparam("organization", type_=sa.Uuid()))
)
