"""Job that continues a long erasure of a phone number after the request; makes the service that enqueues the job."""

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
    """Runs the jobs that continue erasures, also in the audit log, and makes the service that enqueues them.

    Made once at start.
    """

    def __init__(self, queue: JobQueue, at_carrier: CarrierCallDeletion, job_database: Database) -> None:
        """``job_database`` connects as the role of the queue's handlers."""
        self._queue = queue
        self._at_carrier = at_carrier
        self._job_database = job_database
        AuditNumberErasure(queue, job_database)
        queue.add_handler(
            JobHandler(
                kind=ERASE_NUMBER,
                handle=self._continue,
                timeout_seconds=120,
                give_up_after=dt.timedelta(days=7),
            )
        )

    def make_service(self, session: AsyncSession) -> NumberErasureService:
        """The service for one transaction."""
        return NumberErasureService(session, self._queue, self._at_carrier)

    async def _continue(self, job: Job) -> None:
        remaining = msgspec.json.decode(job.payload, type=RemainingSearch)
        async with self._job_database.tenant_session(remaining.organization_id) as session:
            await self.make_service(session).continue_search(remaining)


NUMBER_ERASURE: AppKey[NumberErasureJob] = AppKey("number_erasure")
