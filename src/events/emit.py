"""Stores new events and erases events in a change's transaction; the sequencer assigns sequence numbers afterwards."""

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
    """Emit an event about ``subject_id``, if the session's transaction commits; ``data`` is the subject as in the API.

    For calls only ``CALL_MISSED`` and ``VOICEMAIL_RECEIVED`` are emitted by this: a trigger emits their other events,
    such as ``CALL_UPDATED`` when the ``version`` of an ended call grows.
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
    """Delete all events about ``subject_ids``, with and without a sequence number."""
    # First those without a sequence number: the statement waits for a transaction that assigns their numbers now.
    for delete in (
        sa.delete(EVENT_OUTBOX).where(EVENT_OUTBOX.c.subject_id.in_(subject_ids)),
        sa.delete(OrganizationEvent).where(OrganizationEvent.subject_id.in_(subject_ids)),
    ):
        await session.execute(delete, execution_options={"synchronize_session": False})
