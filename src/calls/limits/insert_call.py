"""Inserts outgoing calls by raw SQL: rejected ones alone, admitted ones with their counters in one statement."""

import datetime as dt
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from calls.callback_forms import OutgoingCall
from calls.limits.usage_statements import APPLY_DELTA_PARAMETERS, APPLY_DELTA_SQL
from calls.models import Call
from kit.db.raw import CompiledStatement, raw_connection
from kit.ids import first_uuid7

_HOUR = dt.timedelta(hours=1)
_IDENTITY_RETENTION = dt.timedelta(days=2)
"""The age at which the usage counter of a widget identity is deleted."""
_OPTIONAL_COLUMNS = (
    "from_number",
    "from_number_id",
    "ended_at",
    "end_reason",
    "country",
    "limit_minutes",
    "rate_micros",
    "reserved_until",
    "end_details",
)
_INSERT_SQL = """
    INSERT INTO call (id, organization_id, token_id, carrier_sid, call_id, identity, origin, metadata, name,
        company, url, extension, agent, agent_is_member, from_number, from_number_id, to_number, status,
        started_at, ended_at, end_reason, country, limit_minutes, rate_micros, reserved_until, end_details)
    VALUES (:id, :organization, :token_id, :carrier_sid, :call_id, :identity, :origin, :details, :name,
        :company, :url, :extension, :agent, :agent_is_member, :from_number, :from_number_id, :to_number, :status,
        :started_at, :ended_at, :end_reason, :country, :limit_minutes, :rate_micros, :reserved_until, :end_details)
    ON CONFLICT (carrier_sid) DO NOTHING RETURNING id
"""
_INSERT_CALL = CompiledStatement(sa.text(_INSERT_SQL))
# One statement, because the counters are locked until it ends, and each further statement takes another round trip. Its
# parts see the tables as they were before the statement, so no part may delete rows that another part writes.
# Each call adds at most one row to each of the two tables and deletes up to five, so that old rows do not accumulate.
_INSERT_ADMITTED_CALL = CompiledStatement(
    sa.text(
        f"""
    WITH inserted AS ({_INSERT_SQL}),
    applied AS ({APPLY_DELTA_SQL} AND EXISTS (SELECT FROM inserted)),
    counted AS (
        INSERT INTO call_destination AS d (id, organization_id, number, is_foreign, hour_start, seen_at)
        SELECT :destination_id, :organization, :to_number, :is_foreign, :started_at, :started_at FROM inserted
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
    old_identities AS (
        DELETE FROM usage_counter WHERE id IN (
            SELECT id FROM usage_counter
            WHERE organization_id = :organization AND scope = 'identity' AND id < :oldest AND live = 0
              AND key <> :identity
            ORDER BY id LIMIT 5
        )
    )
    SELECT id FROM inserted
    """  # noqa: S608 - put together from constants of ours
    ).bindparams(
        *APPLY_DELTA_PARAMETERS,
        *(sa.bindparam(name, type_=sa.Uuid()) for name in ("destination_id", "oldest")),
        *(sa.bindparam(name, type_=sa.Text()) for name in ("to_number", "identity")),
        *(sa.bindparam(name, type_=sa.TIMESTAMP(timezone=True)) for name in ("started_at", "hour_ago")),
        sa.bindparam("is_foreign", type_=sa.Boolean()),
    )
)


class CallInsertService:
    """Stores requested calls."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def insert(self, organization_id: UUID, outgoing: OutgoingCall, **columns: object) -> Call | None:
        """Store a call; None when any organization has a call with this carrier id."""
        values = _column_values(outgoing, columns)
        connection = await raw_connection(self._session)
        parameters = _sql_parameters(values)
        if await connection.fetch_row(_INSERT_CALL, organization=organization_id, **parameters) is None:
            return None
        return _call(organization_id, values)

    async def insert_admitted(
        self,
        organization_id: UUID,
        outgoing: OutgoingCall,
        delta_parameters: dict[str, object],
        *,
        now: dt.datetime,
        is_foreign: bool,
        **columns: object,
    ) -> Call | None:
        """Store a call that begins ``now``, apply its delta to the usage counters and count its destination.

        The counters must be locked. Old numbers and widget identities are deleted in the same statement. None, with
        nothing stored, when any organization has a call with this carrier id.
        """
        values = _column_values(outgoing, {"started_at": now, **columns})
        parameters = {
            **delta_parameters,
            **_sql_parameters(values),
            "destination_id": uuid7(),
            "is_foreign": is_foreign,
            "hour_ago": now - _HOUR,
            # Ids begin with the time of their creation.
            "oldest": first_uuid7(now - _IDENTITY_RETENTION),
        }
        connection = await raw_connection(self._session)
        if await connection.fetch_row(_INSERT_ADMITTED_CALL, **parameters) is None:
            return None
        return _call(organization_id, values)


def _column_values(outgoing: OutgoingCall, columns: dict[str, object]) -> dict[str, Any]:
    return {
        "id": uuid7(),
        "token_id": outgoing.token_id,
        "carrier_sid": outgoing.call_sid,
        "call_id": outgoing.call_id,
        "identity": outgoing.identity,
        "origin": outgoing.origin,
        "agent": outgoing.agent,
        "agent_is_member": outgoing.agent_is_member,
        "details": outgoing.metadata,
        "name": outgoing.name,
        "company": outgoing.company,
        "url": outgoing.url,
        "extension": outgoing.extension,
        **dict.fromkeys(_OPTIONAL_COLUMNS),
        **columns,
    }


def _sql_parameters(values: dict[str, Any]) -> dict[str, Any]:
    # A raw connection takes JSON parameters as text.
    encoded = {
        name: msgspec.json.encode(values[name]).decode()
        for name in ("details", "end_details")
        if values[name] is not None
    }
    return {**values, **encoded}


def _call(organization_id: UUID, values: dict[str, Any]) -> Call:
    # The stored values; the session does not track this object.
    return Call(organization_id=organization_id, duration=0, version=1, **values)
