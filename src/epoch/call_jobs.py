"""Builds the periodic jobs that reconcile, price and expire calls; they see all organizations."""

from calls.limits.alert_mails import AlertMailer
from calls.reconciliation.daily import DailyReconciler
from calls.reconciliation.prices import PriceUpdater
from calls.reconciliation.stuck_calls import StuckCallReconciler
from calls.termination import CallTerminator
from carrier.port import Carrier, CarrierError
from kit.db.database import Database
from kit.jobs.scheduler import Periodic
from kit.settings import Settings
from privacy.carrier_deletion import CarrierCallDeletion
from privacy.services import RetentionJob

STUCK_CALLS_FIRST_SECONDS = 20
STUCK_CALLS_EVERY_SECONDS = 60
PRICES_EVERY_SECONDS = 300
DAILY_RECONCILIATION_EVERY_SECONDS = 1800
RETENTION_EVERY_SECONDS = 6 * 3600


def build_stuck_call_job(
    settings: Settings,
    jobs: Database,
    database: Database,
    carrier: Carrier,
    alert_mailer: AlertMailer,
    terminator: CallTerminator,
) -> Periodic:
    """The job, in one worker; ``jobs`` must see all rows."""
    reconciler = StuckCallReconciler(jobs, database, carrier, alert_mailer)

    async def work() -> None:
        await terminator.sweep()
        if _is_carrier_running(settings):
            await reconciler.run()

    return Periodic(
        "calls", jobs, work, first_seconds=STUCK_CALLS_FIRST_SECONDS, every_seconds=STUCK_CALLS_EVERY_SECONDS
    )


def build_price_job(settings: Settings, jobs: Database, carrier: Carrier, alert_mailer: AlertMailer) -> Periodic:
    """The job that asks what calls cost; ``jobs`` must see all rows."""
    finder = PriceUpdater(jobs, carrier, alert_mailer)

    async def work() -> None:
        if _is_carrier_running(settings):
            await finder.run()

    return Periodic("prices", jobs, work, first_seconds=60, every_seconds=PRICES_EVERY_SECONDS)


def build_daily_reconciliation_job(
    settings: Settings, jobs: Database, carrier: Carrier, alert_mailer: AlertMailer
) -> Periodic:
    """The job that compares each day with the carrier's list; ``jobs`` must see all rows."""
    comparison = DailyReconciler(jobs, carrier, alert_mailer)

    async def work() -> None:
        if _is_carrier_running(settings):
            await comparison.run()

    return Periodic(
        "comparison",
        jobs,
        work,
        first_seconds=120,
        every_seconds=DAILY_RECONCILIATION_EVERY_SECONDS,
        expected=(CarrierError,),
    )


def build_retention_job(settings: Settings, jobs: Database, at_carrier: CarrierCallDeletion) -> Periodic:
    """The job that erases call data which was kept long enough; ``jobs`` must see all rows."""
    retention = RetentionJob(jobs, at_carrier, default_months=settings.call_retention_months)

    async def work() -> None:
        await retention.run()

    return Periodic("retention", jobs, work, first_seconds=300, every_seconds=RETENTION_EVERY_SECONDS)


def _is_carrier_running(settings: Settings) -> bool:
    """False where the sandbox is the carrier and does not run."""
    return not settings.is_sandbox or settings.sandbox_address is not None
