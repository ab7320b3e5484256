"""What goes when: the product's table of housekeeping, and the job that does it hourly in one worker."""

from datetime import timedelta

import structlog

from accounts.models import LoginSession, OneTimeLink
from accounts.sessions import IDLE
from admin.models import StaffSession
from admin.services import IDLE as STAFF_IDLE
from calls.limits.models import CallDestination, FoldedRefusal
from calls.models import OrphanEvent
from calls.reconciliation.models import CarrierDifference
from carrier.health import CarrierStanding
from kit.counters import Measure
from kit.db.database import Database
from kit.db.purge import Chore, tidy
from kit.db.rate_limit import Throttle
from kit.jobs.queue import OutboxItem
from kit.jobs.scheduler import Periodic
from privacy.organization_erasure import Erasure
from privacy.usage_summary import use_by_month
from tenants.models import Invitation, NumberPurchase

FIRST_SECONDS = 60
EVERY_SECONDS = 3600
CHORES = (
    Chore(LoginSession.expires_at, timedelta(days=1)),
    Chore(LoginSession.last_seen_at, IDLE + timedelta(days=1)),
    Chore(StaffSession.expires_at, timedelta(days=1)),
    Chore(StaffSession.last_seen_at, STAFF_IDLE + timedelta(days=1)),
    Chore(OneTimeLink.expires_at, timedelta(days=1)),
    # No window is longer than a day, and failures are forgotten after one.
    Chore(Throttle.window_start, timedelta(days=2)),
    # Finished purchases only; a number that one of them explains is seen by the next sweep.
    Chore(NumberPurchase.finished_at, timedelta(days=90)),
    Chore(Invitation.expires_at, timedelta(days=90)),
    # Mails that were sent are gone at once; these were given up.
    Chore(OutboxItem.given_up_at, timedelta(days=30)),
    # Counted within the hour; later calls of the same organization drop them sooner, if there are any.
    Chore(CallDestination.seen_at, timedelta(days=1)),
    # No call that could explain them is written so much later.
    Chore(OrphanEvent.created_at, timedelta(days=7)),
    # Their phones have asked within seconds, and the carrier tells of their end at once.
    Chore(FoldedRefusal.refused_at, timedelta(days=1)),
    Chore(CarrierDifference.created_at, timedelta(days=400)),
    # The operations page looks a day back.
    Chore(Measure.minute, timedelta(days=3)),
    Chore(CarrierStanding.seen_at, timedelta(days=3)),
)
log = structlog.get_logger("epoch.housekeeping")


def build_housekeeping(database: Database) -> Periodic:
    """The hourly job; ``database`` must see all rows."""
    erasure = Erasure(database, accounts=use_by_month)

    async def work() -> None:
        gone = {name: count for name, count in (await tidy(database, CHORES)).items() if count}
        if gone:
            log.info("rows_purged", **gone)
        await erasure.run()

    return Periodic("housekeeping", database, work, first_seconds=FIRST_SECONDS, every_seconds=EVERY_SECONDS)
