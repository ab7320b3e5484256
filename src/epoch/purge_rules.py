"""Rules for deleting expired rows, and the hourly job that applies them and erases deleted organizations."""

from datetime import timedelta

import structlog

from accounts.models import LoginSession, OneTimeToken
from accounts.sessions import IDLE_TIMEOUT
from admin.models import StaffSession
from admin.services import STAFF_SESSION_IDLE
from calls.incoming.models import IncomingCaller
from calls.limits.models import CallDestination, CappedRejection
from calls.models import UnmatchedEvent
from calls.reconciliation.models import CallDiscrepancy
from carrier.health import CarrierHealthReport
from kit.counters import MinuteCounter
from kit.db.database import Database
from kit.db.purge import PurgeRule, purge_expired
from kit.db.rate_limit import RateCounter
from kit.jobs.models import JobLogEntry, QueuedJob
from kit.jobs.scheduler import PeriodicTask
from privacy.organization_erasure import OrganizationErasure
from tenants.models import Invitation, NumberPurchase

EVERY_HOUR = "7 * * * *"
PURGE_RULES = (
    PurgeRule(LoginSession.expires_at, timedelta(days=1)),
    PurgeRule(LoginSession.last_seen_at, IDLE_TIMEOUT + timedelta(days=1)),
    PurgeRule(StaffSession.expires_at, timedelta(days=1)),
    PurgeRule(StaffSession.last_seen_at, STAFF_SESSION_IDLE + timedelta(days=1)),
    PurgeRule(OneTimeToken.expires_at, timedelta(days=1)),
    # No window of a rate limit is longer than a day.
    PurgeRule(RateCounter.window_start, timedelta(days=2)),
    # Finished purchases only. The reconciliation needs a purchase to recognize its number; it does so within minutes.
    PurgeRule(NumberPurchase.finished_at, timedelta(days=90)),
    PurgeRule(Invitation.expires_at, timedelta(days=90)),
    # Jobs that were given up. Jobs that succeeded are deleted at once.
    PurgeRule(QueuedJob.given_up_at, timedelta(days=30)),
    PurgeRule(JobLogEntry.created_at, timedelta(days=1)),
    # The limits count them for an hour; later calls of the same organization delete them sooner.
    PurgeRule(CallDestination.seen_at, timedelta(days=1)),
    PurgeRule(IncomingCaller.hour_start, timedelta(days=1)),
    # No call is stored a week after its events.
    PurgeRule(UnmatchedEvent.created_at, timedelta(days=7)),
    # The widget reads the reason of a rejection within seconds, and the carrier reports the end of the call at once.
    PurgeRule(CappedRejection.rejected_at, timedelta(days=1)),
    PurgeRule(CallDiscrepancy.created_at, timedelta(days=400)),
    # The operations page shows the last day.
    PurgeRule(MinuteCounter.minute, timedelta(days=3)),
    PurgeRule(CarrierHealthReport.reported_at, timedelta(days=3)),
)
log = structlog.get_logger("epoch.housekeeping")


def build_purge_job(database: Database) -> PeriodicTask:
    """The hourly job; ``database`` must see all rows."""
    erasure = OrganizationErasure(database)

    async def work() -> None:
        purged = {table: count for table, count in (await purge_expired(database, PURGE_RULES)).items() if count}
        if purged:
            log.info("rows_purged", **purged)
        await erasure.run()

    return PeriodicTask(name="housekeeping", cron=EVERY_HOUR, work=work)
