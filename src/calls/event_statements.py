"""Records an event of a call and stores the call's derived state, by SQL statements without the ORM.

Each event needs at most two statements.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from calls.call_row import CallRow
from calls.call_state import LegEvent
from calls.limits.call_context import CALL_CONTEXT_PARAMETERS, CALL_CONTEXT_SQL
from calls.limits.usage_counters import UsageCounters, UsageDelta
from calls.limits.usage_statements import RELEASE_PARAMETERS, RELEASE_SQL
from kit.db.raw import CompiledStatement, raw_connection

_EVENT_COLUMNS = (
    "status",
    "duration",
    "answered_at",
    "ended_at",
    "end_reason",
    "carrier_error",
    "reserved_until",
    "billed_minutes",
    "cost_micros",
    "price_due_at",
    "version",
)
"""The columns of a call that events change."""
_RECORD_EVENT = CompiledStatement(
    sa.text(
        """
    SELECT recorded_call, recorded_events FROM record_call_event(
        :organization, :parent_sid, :id, :leg_sid, :is_child, :kind, :sequence, :occurred_at,
        :duration, :sip_code, :dial_status, :error_code
    )
    """
    ).bindparams(
        *(sa.bindparam(name, type_=sa.Uuid()) for name in ("organization", "id")),
        *(sa.bindparam(name, type_=sa.Text()) for name in ("parent_sid", "leg_sid", "kind", "dial_status")),
        *(sa.bindparam(name, type_=sa.Integer()) for name in ("sequence", "duration", "sip_code", "error_code")),
        sa.bindparam("is_child", type_=sa.Boolean()),
        sa.bindparam("occurred_at", type_=sa.TIMESTAMP(timezone=True)),
    )
)
_STORE_SQL = " ".join(
    (
        "UPDATE call SET",
        ", ".join(f"{column} = :{column}" for column in _EVENT_COLUMNS),
        "WHERE organization_id = :organization AND id = :id",
    )
)
_STORE_PARAMETERS: tuple[sa.BindParameter[Any], ...] = (
    sa.bindparam("id", type_=sa.Uuid()),
    sa.bindparam("organization", type_=sa.Uuid()),
    *(
        sa.bindparam(name, type_=sa.TIMESTAMP(timezone=True))
        for name in ("answered_at", "ended_at", "reserved_until", "price_due_at")
    ),
)
_STORE = CompiledStatement(sa.text(_STORE_SQL).bindparams(*_STORE_PARAMETERS))
# One statement stores the call, changes its counters and reads what alerts need: the locks last one round trip only.
_STORE_END = CompiledStatement(
    sa.text(
        " ".join(
            (
                f"WITH stored AS ({_STORE_SQL}), released AS ({RELEASE_SQL}), context AS ({CALL_CONTEXT_SQL})",
                "SELECT released.*, context.* FROM released LEFT JOIN context ON true",
            )
        )
    ).bindparams(
        *{
            parameter.key: parameter
            for parameter in (*CALL_CONTEXT_PARAMETERS, *RELEASE_PARAMETERS, *_STORE_PARAMETERS)
        }.values()
    )
)
_read_call = msgspec.json.Decoder(CallRow).decode
_read_events = msgspec.json.Decoder(list[LegEvent]).decode


class CallEventStatements:
    """Records events in the session's transaction, which locks each call until the transaction ends."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def record(
        self, organization_id: UUID, parent_sid: str, leg_sid: str, event: LegEvent
    ) -> tuple[CallRow, list[LegEvent]] | None:
        """Lock a call and add ``event``, unless the call was refused or erased.

        Return the call and all its events; None when the organization has no such call.
        """
        if self._session.new or self._session.dirty:
            await self._session.flush()  # Raw statements do not see unflushed changes of the session.
        connection = await raw_connection(self._session)
        row = await connection.fetch_row(
            _RECORD_EVENT,
            organization=organization_id,
            parent_sid=parent_sid,
            id=uuid7(),
            leg_sid=leg_sid,
            **msgspec.structs.asdict(event),
        )
        return None if row is None else (_read_call(row[0]), _read_events(row[1]))

    async def store(self, call: CallRow) -> None:
        """Store the columns of a locked call which events change."""
        connection = await raw_connection(self._session)
        await connection.fetch(_STORE, **_column_values(call))

    async def store_end(
        self,
        call: CallRow,
        token_id: UUID,
        delta: UsageDelta,
        now: dt.datetime,
        *,
        used_at: dt.datetime | None,
    ) -> Sequence[Any]:
        """Store the call as ``store`` does, and add ``delta`` to its usage counters; see ``UsageCounters.apply``.

        Return the rows of its three counters after the change, each with the columns of the call's context.
        """
        counters = UsageCounters(self._session, call.organization_id, token_id, call.identity)
        connection = await raw_connection(self._session)
        parameters = {**_column_values(call), **counters.release_parameters(delta, now, used_at=used_at)}
        return await connection.fetch(_STORE_END, **parameters, token_id=token_id, number=None, sid=None)


def _column_values(call: CallRow) -> dict[str, Any]:
    return {
        "id": call.id,
        "organization": call.organization_id,
        **{name: getattr(call, name) for name in _EVENT_COLUMNS},
    }
