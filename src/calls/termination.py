"""Ends live calls at the carrier: a call that staff end, and calls that are not allowed to continue.

Those are the calls of a revoked token, of a suspended or deleted organization, or all calls during a pause. The
transaction that forbids them enqueues a job (``tenants.jobs``), which finds the calls and enqueues a job for each. This
second job asks the carrier to end the call, again and again until the carrier reports that the call has ended.
"""

import datetime as dt
from collections.abc import Mapping
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.contextvars import bind_contextvars

from calls.models import LIVE_STATUSES, Call, ImposedEnd
from carrier.port import Carrier, NotFoundAtCarrier
from kit.db.database import Database
from kit.deployment import DeploymentService
from kit.jobs.queue import Job, JobHandler, JobQueue, enqueue
from tenants.jobs import END_LIVE_CALLS

END_CALL = "end_call"
TERMINATION_RETRY_SECONDS = (1.0, 2.0, 4.0, 6.0)
"""Waits between requests. The last one repeats, so that calls end within seconds once the carrier answers again."""
CONCURRENT_TERMINATIONS = 20
"""Calls that all workers together end at the same time: a suspension may end many calls."""
_REQUEST_TIMEOUT_SECONDS = 5
_GIVE_UP_AFTER = dt.timedelta(days=1)
"""No call lasts this long: the carrier ends each call at its time limit, after at most an hour."""
# The live statuses are written exactly as in the partial index, so that the planner uses it.
_CALLS_TO_END = """
    SELECT c.id,
           CASE WHEN o.deleted_at IS NOT NULL THEN 'ended_organization_deleted'
                WHEN o.suspended_at IS NOT NULL THEN 'ended_organization_suspended'
                WHEN t.revoked_at IS NOT NULL THEN 'ended_token_revoked'
                ELSE 'ended_calls_paused' END AS reason
    FROM call c
    LEFT JOIN embed_token t ON t.id = c.token_id
    JOIN organization o ON o.id = c.organization_id
    WHERE c.status IN ('initiated','ringing','in-progress')
      AND (t.revoked_at IS NOT NULL OR o.suspended_at IS NOT NULL OR o.deleted_at IS NOT NULL
           OR EXISTS (SELECT FROM calling_pause p WHERE p.ends_live_calls))
      AND NOT EXISTS (SELECT FROM pgqueuer j
                      WHERE j.dedupe_key = 'end_call:' || c.id AND j.status IN ('queued', 'picked'))
"""
# An admission locks token and organization until its call is stored, so the transaction that forbids calls sees all
# calls that were admitted before it.
_SUBJECT_CONDITION = """
      AND (c.token_id = :subject OR c.organization_id = :subject
           OR EXISTS (SELECT FROM calling_pause p WHERE p.id = :subject))
"""
log = structlog.get_logger("epoch.calls")


class CallStillLive(Exception):
    """The carrier accepted the request to end a call, but the call is not over yet; the job is retried."""


class CallTerminator:
    """Runs both kinds of jobs; ``job_database`` must see every organization's calls. Made once at start."""

    def __init__(self, job_database: Database, carrier: Carrier, queue: JobQueue) -> None:
        self._job_database = job_database
        self._carrier = carrier
        for kind, handle, concurrency in (
            (END_LIVE_CALLS, self._enqueue_ends_of_subject, 2),
            (END_CALL, self._end_call, CONCURRENT_TERMINATIONS),
        ):
            queue.add_handler(
                JobHandler(
                    kind=kind,
                    handle=handle,
                    timeout_seconds=_REQUEST_TIMEOUT_SECONDS,
                    retry_seconds=TERMINATION_RETRY_SECONDS,
                    give_up_after=_GIVE_UP_AFTER,
                    concurrency=concurrency,
                    encrypted=False,
                )
            )

    async def enqueue_missing_ends(self) -> int:
        """Enqueue the ends of calls for which no job waits, such as after manual changes; return their number."""
        return await self._enqueue_ends(_CALLS_TO_END, {})

    async def _enqueue_ends_of_subject(self, job: Job) -> None:
        await self._enqueue_ends(_CALLS_TO_END + _SUBJECT_CONDITION, {"subject": UUID(job.payload.decode())})

    async def _enqueue_ends(self, query: str, parameters: Mapping[str, UUID]) -> int:
        async with self._job_database.sessions() as session, session.begin():
            calls = (await session.execute(sa.text(query), parameters)).all()
            for call in calls:
                await enqueue_end_call(session, call.id, ImposedEnd(call.reason))
        return len(calls)

    async def _end_call(self, job: Job) -> None:
        # Earlier releases queued the id without a reason.
        call_text, _, reason = job.payload.decode().partition(" ")
        call_id = UUID(call_text)
        bind_contextvars(call_id=str(call_id))
        query = sa.select(Call.carrier_sid, Call.status, Call.started_at).where(Call.id == call_id)
        async with self._job_database.sessions() as session:
            deployment = await DeploymentService(session).read_confirmed()
            row = (await session.execute(query)).one_or_none()
        if row is None or row.status.is_final or not deployment.is_own(None, row.started_at):
            return
        if reason:
            await self._store_reason(call_id, reason)
        try:
            if not await self._carrier.end_call(row.carrier_sid):
                raise CallStillLive
        except NotFoundAtCarrier:
            log.info("call_already_over")

    async def _store_reason(self, call_id: UUID, reason: str) -> None:
        """Store the reason before the request to the carrier: the carrier may report the call's end at once."""
        needs_reason = Call.id == call_id, Call.termination_reason.is_(None), Call.status.in_(LIVE_STATUSES)
        async with self._job_database.sessions() as session, session.begin():
            await session.execute(sa.update(Call).where(*needs_reason).values(termination_reason=reason))


async def enqueue_end_call(session: AsyncSession, call_id: UUID, reason: ImposedEnd) -> None:
    """Enqueue a job that ends the call at the carrier after the commit, unless such a job waits already.

    ``reason`` becomes the call's end reason.
    """
    await enqueue(session, END_CALL, f"{call_id} {reason}".encode(), dedupe_key=f"{END_CALL}:{call_id}")
