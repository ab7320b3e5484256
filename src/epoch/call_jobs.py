"""Puts the jobs together that set calls right: they look at all organizations."""

from calls.limits.limit_alerts import Watch
from calls.reconciliation.daily import CallComparison
from calls.reconciliation.prices import PriceFinder
from calls.reconciliation.stuck_calls import CallReconciler
from calls.termination import CallEnder
from carrier.port import Carrier, CarrierError
from kit.db.database import Database
from kit.jobs.scheduler import Periodic
from kit.settings import Settings
from privacy.carrier_deletion import CallsAtCarrier
from privacy.services import Retention

FIRST_SECONDS = 20
EVERY_SECONDS = 60
PRICES_EVERY_SECONDS = 300
COMPARED_EVERY_SECONDS = 1800
RETENTION_EVERY_SECONDS = 6 * 3600


def build_call_reconciliation(
    settings: Settings, jobs: Database, database: Database, carrier: Carrier, watch: Watch, ender: CallEnder
) -> Periodic:
    """The job, in one worker; ``jobs`` must see all rows."""
    reconciler = CallReconciler(jobs, database, carrier, watch)

    async def work() -> None:
        await ender.sweep()
        if _is_somebody_there(settings):
            await reconciler.run()

    return Periodic("calls", jobs, work, first_seconds=FIRST_SECONDS, every_seconds=EVERY_SECONDS)


def build_price_finding(settings: Settings, jobs: Database, carrier: Carrier, watch: Watch) -> Periodic:
    """The job that asks what calls cost; ``jobs`` must see all rows."""
    finder = PriceFinder(jobs, carrier, watch)

    async def work() -> None:
        if _is_somebody_there(settings):
            await finder.run()

    return Periodic("prices", jobs, work, first_seconds=60, every_seconds=PRICES_EVERY_SECONDS)


def build_call_comparison(settings: Settings, jobs: Database, carrier: Carrier, watch: Watch) -> Periodic:
    """The job that compares each day with the carrier's list; ``jobs`` must see all rows."""
    comparison = CallComparison(jobs, carrier, watch)

    async def work() -> None:
        if _is_somebody_there(settings):
            await comparison.run()

    return Periodic(
        "comparison",
        jobs,
        work,
        first_seconds=120,
        every_seconds=COMPARED_EVERY_SECONDS,
        expected=(CarrierError,),
    )


def build_retention(settings: Settings, jobs: Database, at_carrier: CallsAtCarrier) -> Periodic:
    """The job that erases call data which was kept long enough; ``jobs`` must see all rows."""
    retention = Retention(jobs, at_carrier, default_months=settings.call_retention_months)

    async def work() -> None:
        await retention.run()

    return Periodic("retention", jobs, work, first_seconds=300, every_seconds=RETENTION_EVERY_SECONDS)


def _is_somebody_there(settings: Settings) -> bool:
    """False where the sandbox is the carrier and does not run."""
    return not settings.is_sandbox or settings.sandbox_address is not None
