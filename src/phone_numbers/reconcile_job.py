"""Reconciles phone numbers every 30 s in one worker; every 10th run compares the carrier's whole list."""

from collections.abc import Callable

import structlog

from carrier.port import CarrierError
from kit.db.database import Database
from kit.jobs.scheduler import Periodic
from phone_numbers.reconciliation import NumberReconciler

FIRST_RUN_SECONDS = 5
RUN_INTERVAL_SECONDS = 30
COMPARED_COUNTER = "numbers.compared"
"""Counts comparisons of the whole list."""
FULL_COMPARISON_EVERY_RUNS = 10
"""The first run compares the whole list too."""
log = structlog.get_logger("epoch.numbers")


class NumberReconciliationTask(Periodic):
    """The periodic reconciliation."""

    def __init__(self, database: Database, reconciler: NumberReconciler, count: Callable[[str], None]) -> None:
        super().__init__(
            "numbers",
            database,
            self._reconcile,
            first_seconds=FIRST_RUN_SECONDS,
            every_seconds=RUN_INTERVAL_SECONDS,
            expected=(CarrierError,),
        )
        self._reconciler = reconciler
        self._count = count
        self._runs = 0

    async def _reconcile(self) -> None:
        """Run once. Raises: CarrierError."""
        is_full = self._runs % FULL_COMPARISON_EVERY_RUNS == 0
        report = await (self._reconciler.compare if is_full else self._reconciler.settle_pending)()
        self._runs += 1
        if is_full:
            self._count(COMPARED_COUNTER)
        if report.adopted or report.failed or report.released or report.discrepancies:
            log.info(
                "numbers_reconciled",
                adopted=report.adopted,
                failed=report.failed,
                released=report.released,
                discrepancies=len(report.discrepancies),
            )
