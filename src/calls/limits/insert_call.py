"""The row of a call that was asked for, written; an admitted one with all that admitting it changes, at once."""

import datetime as dt
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from uuid_utils.compat import uuid7

from calls.callback_forms import OutgoingCall
from calls.limits.usage_counters import (
    APPLY_DELTA_PARAMETERS,
    APPLY_DELTA_SQL,
    UsageCounters,
    UsageDelta,
)
from calls.models import Call
from kit.db.raw import CompiledStatement, RawConnection

_HOUR = dt.timedelta(hours=1)
_IDENTITY_RETENTION = dt.timedelta(days=2)
"""How long a widget identity that was not seen again is remembered."""
_OPTIONAL_COLUMNS = (
    "from_number",
    "ended_at",
    "end_reason",
    "country",
    "limit_minutes",
    "rate_micros",
    "reserved_until",
)
_INSERT_SQL = """
    INSERT INTO call (id, organization_id, token_id, carrier_sid, call_id, identity, origin, metadata, agent,
        agent_is_member, from_number, to_number, status, started_at, ended_at, end_reason, country, limit_minutes,
        rate_micros, reserved_until)
    VALUES (:id, :organization, :token_id, :carrier_sid, :call_id, :identity, :origin, :details, :agent,
        :agent_is_member, :from_number, :to_number, :status, :started_at, :ended_at, :end_reason, :country,
        :limit_minutes, :rate_micros, :reserved_until)
    ON CONFLICT (carrier_sid) DO NOTHING RETURNING id
"""
_INSERT_CALL = CompiledStatement(sa.text(_INSERT_SQL))
# One statement, because the books are locked meanwhile and each more is another journey to the server and back. Its
# parts see the tables as they were before it, so none may forget what another one writes.
# Each call adds at most one row to each of the two and drops up to five: neither grows with the calls that were.
_INSERT_ADMITTED_CALL = CompiledStatement(
    sa.text(
        f"""
    WITH made AS ({_INSERT_SQL}),
    posted AS ({APPLY_DELTA_SQL} AND EXISTS (SELECT FROM made)),
    called AS (
        INSERT INTO call_destination AS d (id, organization_id, number, is_foreign, hour_start, seen_at)
        SELECT :destination_id, :organization, :to_number, :is_foreign, :started_at, :started_at FROM made
        ON CONFLICT (organization_id, number) DO UPDATE SET
            attempts = CASE WHEN d.hour_start > :hour_ago THEN d.attempts + 1 ELSE 1 END,
            hour_start = CASE WHEN d.hour_start > :hour_ago THEN d.hour_start ELSE excluded.hour_start END,
            is_foreign = excluded.is_foreign, seen_at = excluded.seen_at
    ),
    old_numbers AS (
        DELETE FROM call_destination WHERE id IN (
            SELECT id FROM call_destination
            WHERE organization_id = :organization AND seen_at < :hour_ago AND number <> :to_number
            ORDER BY seen_at LIMIT 5
        )
    ),
    old_phones AS (
        DELETE FROM usage_counter WHERE id IN (
            SELECT id FROM usage_counter
            WHERE organization_id = :organization AND scope = 'identity' AND id < :oldest AND live = 0
              AND key <> :identity
            ORDER BY id LIMIT 5
        )
    )
    SELECT id FROM made
    """  # noqa: S608 - put together from texts of ours
    ).bindparams(
        *APPLY_DELTA_PARAMETERS,
        *(sa.bindparam(name, type_=sa.Uuid()) for name in ("destination_id", "oldest")),
        *(sa.bindparam(name, type_=sa.Text()) for name in ("to_number", "identity")),
        *(sa.bindparam(name, type_=sa.TIMESTAMP(timezone=True)) for name in ("started_at", "hour_ago")),
        sa.bindparam("is_foreign", type_=sa.Boolean()),
    )
)


async def insert_call(reader: RawConnection, organization_id: UUID, asked: OutgoingCall, **more: object) -> Call | None:
    """The new record; None when there is one with this carrier id, be it another organization's."""
    values = _column_values(asked, more)
    if await reader.fetch_row(_INSERT_CALL, organization=organization_id, **_sql_parameters(values)) is None:
        return None
    return _call(organization_id, values)


async def insert_admitted_call(
    reader: RawConnection,
    ledger: UsageCounters,
    organization_id: UUID,
    asked: OutgoingCall,
    entry: UsageDelta,
    *,
    now: dt.datetime,
    is_foreign: bool,
    **more: object,
) -> Call | None:
    """The new record of a call that begins ``now``, ``entry`` posted, its destination counted; None as above.

    The books must be open. Numbers and widget identities of the past are forgotten on the way.
    """
    values = _column_values(asked, {"started_at": now, **more})
    written = {
        **ledger.delta_parameters(entry),
        **_sql_parameters(values),
        "destination_id": uuid7(),
        "is_foreign": is_foreign,
        "hour_ago": now - _HOUR,
        # Ids begin with their time in milliseconds.
        "oldest": UUID(int=int((now - _IDENTITY_RETENTION).timestamp() * 1000) << 80),
    }
    if await reader.fetch_row(_INSERT_ADMITTED_CALL, **written) is None:
        return None
    return _call(organization_id, values)


def _column_values(asked: OutgoingCall, more: dict[str, object]) -> dict[str, Any]:
    return {
        "id": uuid7(),
        "token_id": asked.token_id,
        "carrier_sid": asked.call_sid,
        "call_id": asked.call_id,
        "identity": asked.identity,
        "origin": asked.origin,
        "agent": asked.agent,
        "agent_is_member": asked.agent_is_member,
        "details": asked.metadata,
        **dict.fromkeys(_OPTIONAL_COLUMNS),
        **more,
    }


def _sql_parameters(values: dict[str, Any]) -> dict[str, Any]:
    details = values["details"]
    return {**values, "details": None if details is None else msgspec.json.encode(details).decode()}


def _call(organization_id: UUID, values: dict[str, Any]) -> Call:
    # As it was written; the session does not need to know it.
    return Call(organization_id=organization_id, duration=0, **values)
