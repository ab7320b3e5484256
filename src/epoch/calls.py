"""Puts the reconciliation of calls together: it looks at all organizations, and writes as requests do."""

from carrier.port import Carrier
from kit.db import Database
from kit.periodic import Periodic
from kit.settings import Settings
from voice.calling.alerts import Watch
from voice.reconcile import CallReconciler

FIRST_SECONDS = 20
EVERY_SECONDS = 60


def build_call_reconciliation(
    settings: Settings, jobs: Database, database: Database, carrier: Carrier, watch: Watch
) -> Periodic:
    """The job, in one worker; ``jobs`` must see all rows."""
    reconciler = CallReconciler(jobs, database, carrier, watch)
    is_nobody_there = settings.is_sandbox and settings.sandbox_address is None

    async def work() -> None:
        if not is_nobody_there:
            await reconciler.run()

    return Periodic("calls", jobs, work, first_seconds=FIRST_SECONDS, every_seconds=EVERY_SECONDS)
