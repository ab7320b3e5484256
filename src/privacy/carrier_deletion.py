"""Jobs that delete erased calls, and recordings of single voicemails, at the carrier."""

import contextlib
import datetime as dt
from collections.abc import Sequence

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from calls.incoming.voicemails import DELETE_RECORDING, RecordingToDelete
from carrier.port import Carrier, NotFoundAtCarrier
from kit.db.database import Database
from kit.deployment import Deployment, DeploymentService
from kit.jobs.queue import Job, JobHandler, JobQueue

DELETE_CALLS = "calls.erase_at_carrier"
DELETE_EXPIRED_CALLS = "calls.erase_at_carrier_by_age"
"""A separate kind, because there may be very many of these, and jobs for an erased number must not wait for them."""
_CALLS_PER_JOB = 20
"""A small number, because each call needs several requests to the carrier."""


class CarrierCallDeletion:
    """Enqueues and runs the jobs that delete calls at the carrier, and runs those that delete single recordings."""

    def __init__(self, queue: JobQueue, carrier: Carrier, job_database: Database) -> None:
        self._queue = queue
        self._carrier = carrier
        self._job_database = job_database
        for kind, give_up_after in (
            (DELETE_CALLS, dt.timedelta(days=7)),
            (DELETE_EXPIRED_CALLS, dt.timedelta(days=60)),
        ):
            queue.add_handler(
                JobHandler(
                    kind=kind,
                    handle=self._delete_calls,
                    timeout_seconds=60,
                    give_up_after=give_up_after,
                )
            )
        queue.add_handler(
            JobHandler(
                kind=DELETE_RECORDING,
                handle=self._delete_voicemail_recording,
                timeout_seconds=30,
                give_up_after=dt.timedelta(days=7),
                encrypted=False,
            )
        )

    async def enqueue(self, session: AsyncSession, sids: Sequence[str], *, by_age: bool = False) -> None:
        """Enqueue the deletion of the calls with these parent legs, with the session's transaction."""
        kind = DELETE_EXPIRED_CALLS if by_age else DELETE_CALLS
        for start in range(0, len(sids), _CALLS_PER_JOB):
            await self._queue.enqueue(session, kind, msgspec.json.encode(sids[start : start + _CALLS_PER_JOB]))

    async def _delete_calls(self, job: Job) -> None:
        """Delete both legs of the job's calls; legs that are already deleted are ignored.

        Raises: DeploymentUnconfirmed, CarrierError.
        """
        async with self._job_database.sessions() as session:
            deployment = await DeploymentService(session).read_confirmed()
        for call_sid in msgspec.json.decode(job.payload, type=list[str]):
            if deployment.separate_since is not None and not await self._is_own(call_sid, deployment):
                continue
            for recording in await self._carrier.recordings(call_sid):
                await self._delete_recording(recording.sid)
            for leg in await self._carrier.dialled_legs(call_sid):
                await self._delete(leg.sid)
            await self._delete(call_sid)

    async def _delete_voicemail_recording(self, job: Job) -> None:
        """Delete one recording, unless its voicemail came with a copy of the original deployment's database.

        Raises: DeploymentUnconfirmed, CarrierError.
        """
        async with self._job_database.sessions() as session:
            deployment = await DeploymentService(session).read_confirmed()
        recording = msgspec.json.decode(job.payload, type=RecordingToDelete)
        if deployment.is_own(None, recording.stored_at):
            await self._delete_recording(recording.sid)

    async def _delete_recording(self, sid: str) -> None:
        # Transcriptions first, because a deleted recording does not list them any more.
        for transcription in await self._carrier.transcriptions(sid):
            with contextlib.suppress(NotFoundAtCarrier):
                await self._carrier.delete_transcription(transcription.sid)
        with contextlib.suppress(NotFoundAtCarrier):
            await self._carrier.delete_recording(sid)

    async def _is_own(self, call_sid: str, deployment: Deployment) -> bool:
        """False for calls from before a copied database became a deployment of its own: they are the original's."""
        try:
            started_at = (await self._carrier.leg(call_sid)).started_at
        except NotFoundAtCarrier:
            return True  # its child legs may still exist
        return started_at is not None and deployment.is_own(None, started_at)

    async def _delete(self, sid: str) -> None:
        try:
            await self._carrier.delete_call(sid)
        except NotFoundAtCarrier:
            return
