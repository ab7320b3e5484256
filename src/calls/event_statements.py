"""Records an event of a call, and the state that follows, in at most two statements without the ORM."""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from calls.call_state import LegEvent
from calls.limits.call_context import CALL_CONTEXT_PARAMETERS, CALL_CONTEXT_SQL
from calls.limits.usage_counters import UsageCounters, UsageDelta
from calls.limits.usage_statements import RELEASE_PARAMETERS, RELEASE_SQL
from calls.recorded_call import RecordedCall
from kit.db.raw import CompiledStatement, raw_connection

_CHANGED = (
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
"""The columns that events change."""
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
        ", ".join(f"{column} = :{column}" for column in _CHANGED),
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
# One statement for the call, its counters and what alerts need: it holds the counters' locks for one round trip.
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
_read_call = msgspec.json.Decoder(RecordedCall).decode
_read_events = msgspec.json.Decoder(list[LegEvent]).decode


class CallEventStatements:
    """Records events in the session's transaction, which holds the lock of each call until it ends."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def record(
        self, organization_id: UUID, parent_sid: str, leg_sid: str, event: LegEvent
    ) -> tuple[RecordedCall, list[LegEvent]] | None:
        """Lock a call and add ``event``, unless it was refused or erased; the call and all its events.

        None when the organization has no such call.
        """
        if self._session.new or self._session.dirty:
            await self._session.flush()  # The statement sees no change that the session still keeps.
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

    async def store(self, call: RecordedCall) -> None:
        """Store the columns of a locked call that events change."""
        connection = await raw_connection(self._session)
        await connection.fetch(_STORE, **_stored(call))

    async def store_end(
        self,
        call: RecordedCall,
        token_id: UUID,
        delta: UsageDelta,
        now: dt.datetime,
        *,
        used_at: dt.datetime | None,
    ) -> Sequence[Any]:
        """As ``store``, and add ``delta`` to the call's usage counters; see ``UsageCounters.apply``.

        Return the rows of its three counters, each with the call's context, as the transaction leaves them.
        """
        counters = UsageCounters(self._session, call.organization_id, token_id, call.identity)
        connection = await raw_connection(self._session)
        parameters = {**_stored(call), **counters.release_parameters(delta, now, used_at=used_at)}
        return await connection.fetch(_STORE_END, **parameters, token_id=token_id, number=None, sid=None)


def _stored(call: RecordedCall) -> dict[str, Any]:
    return {"id": call.id, "organization": call.organization_id, **{name: getattr(call, name) for name in _CHANGED}}
