"""Jobs that bring the texts of messages from the carrier, and delete there the texts that are not kept here."""

import contextlib
import datetime as dt
from uuid import UUID

import msgspec
import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from calls.incoming.call_state import BLOCKED
from calls.incoming.models import Voicemail
from calls.incoming.transcripts import TranscriptStatus, kept_text
from calls.models import Call, CallEvent
from carrier.port import Carrier, CarrierError, NotFoundAtCarrier
from kit.clock import utc_now
from kit.db.database import Database
from kit.deployment import Deployment, DeploymentService
from kit.jobs.queue import Job, JobHandler, JobQueue, enqueue

KEEP_TRANSCRIPTION = "voicemails.keep_transcription"
"""Kind of the job that stores the text of one message; its payload is a ``TranscriptionToKeep``."""
UNREPORTED_AFTER = dt.timedelta(minutes=5)
"""The carrier is asked for a text that it has not reported this long after the message."""
UNTOLD_AFTER = dt.timedelta(hours=1)
"""A text that the carrier does not have by then has failed; a later report brings it all the same."""
UNANSWERED_AFTER = dt.timedelta(days=1)
"""A carrier that did not answer by then is not asked again."""
RETRY_SECONDS = (5.0, 15.0, 30.0, 60.0, 300.0)
log = structlog.get_logger("epoch.calls")


class TranscriptionToKeep(msgspec.Struct, frozen=True):
    """A text that the carrier makes of a message. It has no text: that is read from the carrier alone."""

    organization_id: UUID
    call_sid: str
    """The carrier's id of the caller's leg."""
    recording_sid: str
    transcription_sid: str | None = None
    """The carrier's id of a text that it reported; None where it reported none yet."""


class TranscriptionNotReady(Exception):
    """The carrier has not written the message down yet, or the message is not stored yet; a job tries again."""


async def enqueue_keeping(session: AsyncSession, wanted: TranscriptionToKeep) -> None:
    """Store the text by a job: at once where the carrier reported it, else when a report should have come."""
    is_reported = wanted.transcription_sid is not None
    await enqueue(
        session,
        KEEP_TRANSCRIPTION,
        msgspec.json.encode(wanted),
        after=dt.timedelta() if is_reported else UNREPORTED_AFTER,
        dedupe_key=f"{KEEP_TRANSCRIPTION}:{wanted.transcription_sid or wanted.recording_sid}",
    )


class TranscriptionKeeper:
    """Runs the jobs; ``jobs`` must see every organization's messages. Made once at start."""

    def __init__(self, queue: JobQueue, carrier: Carrier, jobs: Database) -> None:
        self._carrier = carrier
        self._jobs = jobs
        queue.add_handler(
            JobHandler(
                kind=KEEP_TRANSCRIPTION,
                handle=self._keep,
                timeout_seconds=30,
                retry_seconds=RETRY_SECONDS,
                give_up_after=2 * UNANSWERED_AFTER,
                concurrency=4,
                encrypted=False,
            )
        )

    async def _keep(self, job: Job) -> None:
        """Store the text of a message that is kept, or delete the text of another one at the carrier.

        Raises: TranscriptionNotReady, DeploymentUnconfirmed, CarrierError.
        """
        wanted = msgspec.json.decode(job.payload, type=TranscriptionToKeep)
        age = utc_now() - job.created_at
        async with self._jobs.sessions() as session:
            deployment = await DeploymentService(session).read_confirmed()
            message = await session.scalar(_message(wanted))
            is_unwanted = message is None and await self._is_unwanted(session, wanted, age)
        if message is not None and message.transcript_status is not None:
            if message.transcript_status != TranscriptStatus.COMPLETED and deployment.is_own(None, message.created_at):
                await self._store(wanted, age)
        elif message is not None or is_unwanted:
            await self._delete(wanted, deployment)
        elif wanted.transcription_sid is not None:
            # The report of the text may come before that of the recording.
            raise TranscriptionNotReady

    async def _is_unwanted(self, session: AsyncSession, wanted: TranscriptionToKeep, age: dt.timedelta) -> bool:
        """True for a message that is not stored and never will be: erased, ended by 9, deleted, or lost for long."""
        mine = Call.owned_by(wanted.organization_id), Call.carrier_sid == wanted.call_sid
        pressed = sa.exists().where(CallEvent.call_record_id == Call.id, CallEvent.kind == BLOCKED)
        query = sa.select(sa.or_(Call.erased_at.is_not(None), pressed)).where(*mine)
        return age > UNTOLD_AFTER or await session.scalar(query) or False

    async def _store(self, wanted: TranscriptionToKeep, age: dt.timedelta) -> None:
        try:
            found = await self._carrier.transcriptions(wanted.recording_sid)
        except CarrierError:
            if age <= UNANSWERED_AFTER:
                raise
            found = []
        completed = next((each for each in found if each.text is not None), None)
        if completed is not None:
            values = {
                "transcript_status": TranscriptStatus.COMPLETED,
                "transcript": kept_text(completed.text or ""),
                "transcription_sid": completed.sid,
            }
        elif age > UNTOLD_AFTER or (found and all(each.is_over for each in found)):
            values = {"transcript_status": TranscriptStatus.FAILED}
            log.info("voicemail_not_transcribed", is_told=bool(found))
        else:
            raise TranscriptionNotReady
        # Not a text that was erased while the carrier was asked.
        kept = Voicemail.transcript_status.is_not(None)
        mine = Voicemail.owned_by(wanted.organization_id), Voicemail.recording_sid == wanted.recording_sid
        async with self._jobs.sessions() as session, session.begin():
            await session.execute(sa.update(Voicemail).where(*mine, kept).values(values))

    async def _delete(self, wanted: TranscriptionToKeep, deployment: Deployment) -> None:
        """Delete a text that is not kept, unless it came with a copy of the original deployment's database."""
        query = sa.select(Call.started_at).where(
            Call.owned_by(wanted.organization_id), Call.carrier_sid == wanted.call_sid
        )
        async with self._jobs.sessions() as session:
            started_at = await session.scalar(query)
        if wanted.transcription_sid is None or started_at is None or not deployment.is_own(None, started_at):
            return
        with contextlib.suppress(NotFoundAtCarrier):
            await self._carrier.delete_transcription(wanted.transcription_sid)


def _message(wanted: TranscriptionToKeep) -> sa.Select[Voicemail]:
    mine = Voicemail.owned_by(wanted.organization_id), Voicemail.recording_sid == wanted.recording_sid
    return sa.select(Voicemail).where(*mine)
