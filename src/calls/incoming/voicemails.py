"""Stores, lists and deletes voicemails (messages that callers left), and marks them as heard."""

import datetime as dt
from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from calls.incoming.models import Voicemail
from calls.incoming.transcription_jobs import TranscriptionToFetch, enqueue_transcription_fetch
from calls.incoming.transcripts import TranscriptStatus, is_transcribable
from calls.models import Call, CallStatus
from kit.actor import Actor
from kit.audit import has_event, record
from kit.clock import utc_now
from kit.errors import NotFound
from kit.jobs.queue import enqueue

DELETE_RECORDING = "voicemails.delete_at_carrier"
"""Kind of the job that deletes one recording at the carrier; its payload is a ``RecordingToDelete``."""

_DELETED_ACTION = "voicemail.deleted"
"""The action in the audit log."""


class RecordingToDelete(msgspec.Struct, frozen=True):
    """The carrier's recording of a voicemail that we deleted or never stored."""

    sid: str
    """The carrier's id."""
    stored_at: dt.datetime
    """The time at which the voicemail was stored; the beginning of its call if it was not stored."""


class VoicemailDetails(msgspec.Struct, frozen=True):
    """A voicemail with the parties of its call."""

    id: UUID
    call_id: UUID
    caller: str | None
    """The caller's number, E.164; None where it was withheld."""
    number: str
    """The organization's number, E.164."""
    seconds: int
    received_at: dt.datetime
    heard_at: dt.datetime | None
    recording_sid: str
    transcript_status: TranscriptStatus | None
    """None if no transcription was requested."""
    transcript: str | None


class VoicemailService:
    """Voicemails of one organization at a time."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def store(
        self, call: Call, recording_sid: str, seconds: int, *, is_transcription_requested: bool = False
    ) -> UUID | None:
        """Store a voicemail once; return its id, None if it is already stored.

        With ``is_transcription_requested`` a job fetches the transcript in case the carrier does not report it.
        """
        status = None
        if is_transcription_requested:
            status = TranscriptStatus.PENDING if is_transcribable(seconds) else TranscriptStatus.FAILED
        values = {
            "id": uuid7(),
            "organization_id": call.organization_id,
            "call_record_id": call.id,
            "recording_sid": recording_sid,
            "seconds": seconds,
            "transcript_status": status,
        }
        statement = insert(Voicemail).values(values).on_conflict_do_nothing(index_elements=["recording_sid"])
        stored: UUID | None = await self._session.scalar(statement.returning(Voicemail.id))
        if stored is not None and status is TranscriptStatus.PENDING:
            await enqueue_transcription_fetch(
                self._session, TranscriptionToFetch(call.organization_id, call.carrier_sid, recording_sid)
            )
        return stored

    async def discard(self, call: Call, recording_sid: str) -> bool:
        """Delete an unwanted voicemail here, and by a job its recording at the carrier; True if it was stored here."""
        own_rows = Voicemail.owned_by(call.organization_id), Voicemail.recording_sid == recording_sid
        stored = await self._session.scalar(sa.delete(Voicemail).where(*own_rows).returning(Voicemail.id))
        unwanted = RecordingToDelete(recording_sid, call.started_at)
        await enqueue(self._session, DELETE_RECORDING, msgspec.json.encode(unwanted))
        return stored is not None

    async def page(
        self, organization_id: UUID, *, after: UUID | None, limit: int, heard: bool | None = None
    ) -> Sequence[VoicemailDetails]:
        """At most ``limit`` + 1 voicemails, newest first: one more tells that there is a next page."""
        query = _messages(organization_id).order_by(Voicemail.id.desc()).limit(limit + 1)
        if after is not None:
            query = query.where(Voicemail.id < after)
        if heard is not None:
            query = query.where(Voicemail.heard_at.is_not(None) if heard else Voicemail.heard_at.is_(None))
        return [VoicemailDetails(*row) for row in await self._session.execute(query)]

    async def get(self, organization_id: UUID, voicemail_id: UUID) -> VoicemailDetails:
        """One voicemail. Raises: NotFound."""
        row = (
            await self._session.execute(_messages(organization_id).where(Voicemail.id == voicemail_id))
        ).one_or_none()
        if row is None:
            raise NotFound
        return VoicemailDetails(*row)

    async def of_calls(self, organization_id: UUID, calls: Sequence[Call]) -> Mapping[UUID, UUID]:
        """The newest voicemail of each of ``calls`` that has one, by the call's id."""
        recorded = [call.id for call in calls if call.status is CallStatus.VOICEMAIL]
        if not recorded:
            return {}
        own_rows = Voicemail.owned_by(organization_id), Voicemail.call_record_id.in_(recorded)
        query = sa.select(Voicemail.call_record_id, Voicemail.id).where(*own_rows).order_by(Voicemail.id)
        return {row.call_record_id: row.id for row in await self._session.execute(query)}

    async def count_unheard(self, organization_id: UUID) -> int:
        """The number of voicemails that nobody has marked as heard."""
        own_rows = Voicemail.owned_by(organization_id), Voicemail.heard_at.is_(None)
        return await self._session.scalar(sa.select(sa.func.count()).select_from(Voicemail).where(*own_rows)) or 0

    async def mark(self, organization_id: UUID, voicemail_id: UUID, *, heard: bool) -> VoicemailDetails:
        """Mark a voicemail as heard or unheard. Raises: NotFound."""
        own_rows = Voicemail.owned_by(organization_id), Voicemail.id == voicemail_id
        at = sa.func.coalesce(Voicemail.heard_at, utc_now()) if heard else None
        await self._session.execute(sa.update(Voicemail).where(*own_rows).values(heard_at=at))
        return await self.get(organization_id, voicemail_id)

    async def delete(self, organization_id: UUID, voicemail_id: UUID, *, by: Actor) -> None:
        """Delete a voicemail here, and by a job at the carrier. Raises: NotFound."""
        own_rows = Voicemail.owned_by(organization_id), Voicemail.id == voicemail_id
        deletion = sa.delete(Voicemail).where(*own_rows).returning(Voicemail.recording_sid, Voicemail.created_at)
        row = (await self._session.execute(deletion)).one_or_none()
        if row is None:
            raise NotFound
        await enqueue(self._session, DELETE_RECORDING, msgspec.json.encode(RecordingToDelete(*row)))
        await record(self._session, by, _DELETED_ACTION, organization_id=organization_id, subject_id=voicemail_id)

    async def was_deleted(self, organization_id: UUID, voicemail_id: UUID) -> bool:
        """True if the organization had the voicemail and somebody deleted it."""
        return await has_event(self._session, organization_id, _DELETED_ACTION, voicemail_id)


def _messages(
    organization_id: UUID,
) -> sa.Select[
    UUID, UUID, str | None, str, int, dt.datetime, dt.datetime | None, str, TranscriptStatus | None, str | None
]:
    return (
        sa.select(
            Voicemail.id,
            Voicemail.call_record_id,
            Call.from_number,
            Call.to_number,
            Voicemail.seconds,
            Voicemail.created_at,
            Voicemail.heard_at,
            Voicemail.recording_sid,
            Voicemail.transcript_status,
            Voicemail.transcript,
        )
        .join(Call, Call.id == Voicemail.call_record_id)
        .where(Voicemail.owned_by(organization_id))
    )
