"""Jobs that fetch voicemail transcripts from the carrier, and delete unwanted transcripts at the carrier."""

import contextlib
import datetime as dt
from uuid import UUID

import msgspec
import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from calls.incoming.call_state import BLOCKED
from calls.incoming.models import Voicemail
from calls.incoming.transcripts import TranscriptStatus, stored_text
from calls.models import Call, CallEvent
from carrier.port import Carrier, CarrierError, NotFoundAtCarrier
from kit.clock import utc_now
from kit.db.database import Database
from kit.deployment import Deployment, DeploymentService
from kit.jobs.queue import Job, JobHandler, JobQueue, enqueue

FETCH_TRANSCRIPTION = "voicemails.keep_transcription"
"""Kind of the job that fetches one transcript; its payload is a ``TranscriptionToFetch``."""
FETCH_UNREPORTED_AFTER = dt.timedelta(minutes=5)
"""A transcript that the carrier has not reported is fetched this long after its voicemail was stored."""
FAILED_AFTER = dt.timedelta(hours=1)
"""A transcript that the carrier still lacks after this time is marked as failed; a later report still stores it."""
UNREACHABLE_AFTER = dt.timedelta(days=1)
"""The time after which requests to a carrier that does not answer are given up."""
RETRY_SECONDS = (5.0, 15.0, 30.0, 60.0, 300.0)
log = structlog.get_logger("epoch.calls")


class TranscriptionToFetch(msgspec.Struct, frozen=True):
    """The transcript to fetch. The job does not contain its text, which is read from the carrier only."""

    organization_id: UUID
    call_sid: str
    """The carrier's id of the caller's leg."""
    recording_sid: str
    transcription_sid: str | None = None
    """The carrier's id of a reported transcription; None while none is reported."""


class TranscriptionNotReady(Exception):
    """The carrier has no transcript yet, or the voicemail is not stored yet: the job is retried."""


async def enqueue_transcription_fetch(session: AsyncSession, request: TranscriptionToFetch) -> None:
    """Enqueue the job: due at once if the carrier reported the transcription, else when the report is overdue."""
    is_reported = request.transcription_sid is not None
    await enqueue(
        session,
        FETCH_TRANSCRIPTION,
        msgspec.json.encode(request),
        after=dt.timedelta() if is_reported else FETCH_UNREPORTED_AFTER,
        dedupe_key=f"{FETCH_TRANSCRIPTION}:{request.transcription_sid or request.recording_sid}",
    )


class TranscriptionFetcher:
    """Runs the jobs; ``job_database`` must see the voicemails of every organization. Made once at start."""

    def __init__(self, queue: JobQueue, carrier: Carrier, job_database: Database) -> None:
        self._carrier = carrier
        self._job_database = job_database
        queue.add_handler(
            JobHandler(
                kind=FETCH_TRANSCRIPTION,
                handle=self._fetch_or_delete,
                timeout_seconds=30,
                retry_seconds=RETRY_SECONDS,
                give_up_after=2 * UNREACHABLE_AFTER,
                concurrency=4,
                encrypted=False,
            )
        )

    async def _fetch_or_delete(self, job: Job) -> None:
        """Store the transcript of a stored voicemail; delete the transcript of any other recording at the carrier.

        Raises: TranscriptionNotReady, DeploymentUnconfirmed, CarrierError.
        """
        request = msgspec.json.decode(job.payload, type=TranscriptionToFetch)
        age = utc_now() - job.created_at
        async with self._job_database.sessions() as session:
            deployment = await DeploymentService(session).read_confirmed()
            message = await session.scalar(_message(request))
            is_unwanted = message is None and await self._is_unwanted(session, request, age)
        if message is not None and message.transcript_status is not None:
            if message.transcript_status != TranscriptStatus.COMPLETED and deployment.is_own(None, message.created_at):
                await self._store(request, age)
        elif message is not None or is_unwanted:
            await self._delete(request, deployment)
        elif request.transcription_sid is not None:
            # The transcription may be reported before its recording.
            raise TranscriptionNotReady

    async def _is_unwanted(self, session: AsyncSession, request: TranscriptionToFetch, age: dt.timedelta) -> bool:
        """True if the voicemail will never be stored: its call was erased, its caller pressed 9, or the job is old."""
        own_rows = Call.owned_by(request.organization_id), Call.carrier_sid == request.call_sid
        pressed = sa.exists().where(CallEvent.call_record_id == Call.id, CallEvent.kind == BLOCKED)
        query = sa.select(sa.or_(Call.erased_at.is_not(None), pressed)).where(*own_rows)
        return age > FAILED_AFTER or await session.scalar(query) or False

    async def _store(self, request: TranscriptionToFetch, age: dt.timedelta) -> None:
        try:
            found = await self._carrier.transcriptions(request.recording_sid)
        except CarrierError:
            if age <= UNREACHABLE_AFTER:
                raise
            found = []
        completed = next((transcription for transcription in found if transcription.text is not None), None)
        if completed is not None:
            values = {
                "transcript_status": TranscriptStatus.COMPLETED,
                "transcript": stored_text(completed.text or ""),
                "transcription_sid": completed.sid,
            }
        elif age > FAILED_AFTER or (found and all(transcription.is_over for transcription in found)):
            values = {"transcript_status": TranscriptStatus.FAILED}
            log.info("voicemail_not_transcribed", is_told=bool(found))
        else:
            raise TranscriptionNotReady
        # Not stored if the transcript was erased during the request.
        is_not_erased = Voicemail.transcript_status.is_not(None)
        own_rows = Voicemail.owned_by(request.organization_id), Voicemail.recording_sid == request.recording_sid
        async with self._job_database.sessions() as session, session.begin():
            await session.execute(sa.update(Voicemail).where(*own_rows, is_not_erased).values(values))

    async def _delete(self, request: TranscriptionToFetch, deployment: Deployment) -> None:
        """Delete a transcript at the carrier, unless its call belongs to the deployment that this one is a copy of."""
        query = sa.select(Call.started_at).where(
            Call.owned_by(request.organization_id), Call.carrier_sid == request.call_sid
        )
        async with self._job_database.sessions() as session:
            started_at = await session.scalar(query)
        if request.transcription_sid is None or started_at is None or not deployment.is_own(None, started_at):
            return
        with contextlib.suppress(NotFoundAtCarrier):
            await self._carrier.delete_transcription(request.transcription_sid)


def _message(request: TranscriptionToFetch) -> sa.Select[Voicemail]:
    own_rows = Voicemail.owned_by(request.organization_id), Voicemail.recording_sid == request.recording_sid
    return sa.select(Voicemail).where(*own_rows)
