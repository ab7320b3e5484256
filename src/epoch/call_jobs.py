"""Builds the periodic jobs about calls: stuck calls, prices, daily comparison with the carrier, mails, retention."""

from calls.incoming.missed_call_digest import MissedCallDigester
from calls.incoming.voicemail_recorder import MissingVoicemailFinder, VoicemailMailer
from calls.limits.alert_mails import AlertMailer
from calls.limits.prices import PriceList
from calls.reconciliation.daily import DailyReconciler
from calls.reconciliation.prices import PriceUpdater
from calls.reconciliation.stuck_calls import StuckCallReconciler
from calls.termination import CallTerminator
from carrier.port import Carrier, CarrierError
from kit.db.database import Database
from kit.jobs.scheduler import PeriodicTask
from kit.mail import Mailer
from kit.settings import Settings
from privacy.audit_erasure import AuditRetention
from privacy.carrier_deletion import CarrierCallDeletion
from privacy.retention_job import RetentionJob

EVERY_MINUTE = "* * * * *"
EVERY_HOUR = "1 * * * *"
EVERY_FIVE_MINUTES = "*/5 * * * *"
TWICE_AN_HOUR = "3,33 * * * *"
FOUR_TIMES_A_DAY = "41 */6 * * *"


def build_stuck_call_job(
    settings: Settings,
    job_database: Database,
    database: Database,
    carrier: Carrier,
    alert_mailer: AlertMailer,
    terminator: CallTerminator,
    voicemail_mailer: VoicemailMailer,
    prices: PriceList,
) -> PeriodicTask:
    """The job that corrects stuck calls and finds voicemails without a report; ``job_database`` must see all rows."""
    reconciler = StuckCallReconciler(job_database, database, carrier, alert_mailer)
    voicemail_finder = MissingVoicemailFinder(job_database, database, carrier, voicemail_mailer, alert_mailer, prices)

    async def work() -> None:
        await terminator.enqueue_missing_ends()
        if _is_carrier_running(settings):
            await reconciler.run()
            await voicemail_finder.run()

    return PeriodicTask(name="calls", cron=EVERY_MINUTE, work=work)


def build_digest_job(job_database: Database, mailer: Mailer, public_url: str) -> PeriodicTask:
    """The job that mails members about missed calls; ``job_database`` must see all rows."""
    digester = MissedCallDigester(job_database, mailer.send_after_commit, public_url)

    async def work() -> None:
        await digester.run()

    return PeriodicTask(name="digests", cron=EVERY_HOUR, work=work)


def build_price_job(
    settings: Settings, job_database: Database, carrier: Carrier, alert_mailer: AlertMailer
) -> PeriodicTask:
    """The job that asks the carrier for the prices of calls; ``job_database`` must see all rows."""
    price_updater = PriceUpdater(job_database, carrier, alert_mailer)

    async def work() -> None:
        if _is_carrier_running(settings):
            await price_updater.run()

    return PeriodicTask(name="prices", cron=EVERY_FIVE_MINUTES, work=work)


def build_daily_reconciliation_job(
    settings: Settings, job_database: Database, carrier: Carrier, alert_mailer: AlertMailer
) -> PeriodicTask:
    """The job that compares the calls of each day with the carrier's list; ``job_database`` must see all rows."""
    reconciler = DailyReconciler(job_database, carrier, alert_mailer)

    async def work() -> None:
        if _is_carrier_running(settings):
            await reconciler.run()

    return PeriodicTask(name="comparison", cron=TWICE_AN_HOUR, work=work, expected=(CarrierError,))


def build_retention_job(
    settings: Settings, job_database: Database, carrier_deletion: CarrierCallDeletion
) -> PeriodicTask:
    """The job that erases personal data of calls and audit events after the retention period.

    ``job_database`` must see all rows.
    """
    retention = RetentionJob(job_database, carrier_deletion, default_months=settings.call_retention_months)
    audit_retention = AuditRetention(job_database, default_months=settings.call_retention_months)

    async def work() -> None:
        await retention.run()
        await audit_retention.run()

    return PeriodicTask(name="retention", cron=FOUR_TIMES_A_DAY, work=work)


def _is_carrier_running(settings: Settings) -> bool:
    """False where the sandbox is the carrier and does not run."""
    return not settings.is_sandbox or settings.sandbox_address is not None
