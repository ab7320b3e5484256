"""Emits events in the transaction of the change; the sequencer numbers them after the commit."""

from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from events.event_types import EventType
from events.models import EVENT_OUTBOX, OrganizationEvent
from kit.db.raw import CompiledStatement, raw_connection

_INSERT_EVENT = CompiledStatement(
    sa.text(
        """
    INSERT INTO event_outbox (organization, type, subject_id, content)
    VALUES (:organization, :type, :subject_id, CAST(:content AS json))
    """
    ).bindparams(
        sa.bindparam("organization", type_=sa.Uuid()),
        sa.bindparam("type", type_=sa.Text()),
        sa.bindparam("subject_id", type_=sa.Uuid()),
        sa.bindparam("content", type_=sa.Text()),
    )
)


async def emit(
    session: AsyncSession, organization_id: UUID, event_type: EventType, data: msgspec.Struct, *, subject_id: UUID
) -> None:
    """Emit an event about ``subject_id`` with the API's ``data`` of it, if the session's transaction commits.

    Calls need this only for ``CALL_MISSED`` and ``VOICEMAIL_RECEIVED``: a trigger emits their other events, and
    ``CALL_UPDATED`` when the ``version`` of a call that is over grows.
    """
    connection = await raw_connection(session)
    await connection.fetch(
        _INSERT_EVENT,
        organization=organization_id,
        type=event_type.value,
        subject_id=subject_id,
        content=msgspec.json.encode(data).decode(),
    )


async def erase_events(session: AsyncSession, subject_ids: sa.Select[UUID]) -> None:
    """Delete all events about ``subject_ids``, numbered or not."""
    # First those without a number: the statement waits for a transaction that numbers them now.
    for delete in (
        sa.delete(EVENT_OUTBOX).where(EVENT_OUTBOX.c.subject_id.in_(subject_ids)),
        sa.delete(OrganizationEvent).where(OrganizationEvent.subject_id.in_(subject_ids)),
    ):
        await session.execute(delete, execution_options={"synchronize_session": False})
