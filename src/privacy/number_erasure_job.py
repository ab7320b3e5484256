"""Jobs that continue the erasure of a number where a request stopped, and reach the audit log."""

import datetime as dt

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from kit.db.database import Database
from kit.http.app_key import AppKey
from kit.jobs.queue import Job, JobHandler, JobQueue
from privacy.audit_erasure import AuditNumberErasure
from privacy.carrier_deletion import CarrierCallDeletion
from privacy.number_erasure import ERASE_NUMBER, NumberErasureService, RemainingSearch


class NumberErasureJob:
    """Handles the jobs, and makes the service whose long searches they continue. Made once at start."""

    def __init__(self, queue: JobQueue, at_carrier: CarrierCallDeletion, jobs: Database) -> None:
        """``jobs`` is the database of the queue's handlers."""
        self._queue = queue
        self._at_carrier = at_carrier
        self._jobs = jobs
        AuditNumberErasure(queue, jobs)
        queue.add_handler(
            JobHandler(
                kind=ERASE_NUMBER,
                handle=self._continue,
                timeout_seconds=120,
                give_up_after=dt.timedelta(days=7),
            )
        )

    def service(self, session: AsyncSession) -> NumberErasureService:
        """The service for one transaction."""
        return NumberErasureService(session, self._queue, self._at_carrier)

    async def _continue(self, job: Job) -> None:
        remaining = msgspec.json.decode(job.payload, type=RemainingSearch)
        async with self._jobs.tenant_session(remaining.organization_id) as session:
            await self.service(session).continue_search(remaining)


NUMBER_ERASURE: AppKey[NumberErasureJob] = AppKey("number_erasure")
