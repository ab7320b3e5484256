"""The periodic task that reconciles phone numbers with the carrier.

Every 10th run compares the carrier's whole list; the other runs only finish pending changes.
"""

from collections.abc import Callable

import structlog

from phone_numbers.reconciliation import NumberReconciler

COMPARED_COUNTER = "numbers.compared"
"""Counts comparisons of the whole list."""
FULL_COMPARISON_EVERY_RUNS = 10
"""The first run compares the whole list too."""
log = structlog.get_logger("epoch.numbers")


class PeriodicNumberReconciliation:
    """Runs the reconciliation; a scheduler calls ``run`` every 30 s in one worker."""

    def __init__(self, reconciler: NumberReconciler, count: Callable[[str], None]) -> None:
        self._reconciler = reconciler
        self._count = count
        self._runs = 0

    async def run(self) -> None:
        """Run once. Raises: CarrierError."""
        is_full = self._runs % FULL_COMPARISON_EVERY_RUNS == 0
        report = await (self._reconciler.compare if is_full else self._reconciler.finish_pending)()
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
