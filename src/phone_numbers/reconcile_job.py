"""The number sweep: finishes what requests left undone and compares the carrier's list with ours, in one worker."""

from collections.abc import Callable

import structlog

from carrier.port import CarrierError
from kit.db.database import Database
from kit.jobs.scheduler import Periodic
from phone_numbers.reconciliation import Reconciler

FIRST_SECONDS = 5
SWEEP_SECONDS = 30
COMPARED = "numbers.compared"
"""What is counted when the whole list was."""
COMPARE_EVERY = 10
"""The carrier's whole list is read at the first sweep and then at every so-manieth."""
log = structlog.get_logger("epoch.numbers")


class NumberSweep(Periodic):
    """Reconciles again and again."""

    def __init__(self, database: Database, reconciler: Reconciler, count: Callable[[str], None]) -> None:
        super().__init__(
            "numbers",
            database,
            self._sweep,
            first_seconds=FIRST_SECONDS,
            every_seconds=SWEEP_SECONDS,
            expected=(CarrierError,),
        )
        self._reconciler = reconciler
        self._count = count
        self._sweeps = 0

    async def _sweep(self) -> None:
        """One pass. Raises: CarrierError."""
        whole = self._sweeps % COMPARE_EVERY == 0
        report = await (self._reconciler.compare if whole else self._reconciler.finish)()
        self._sweeps += 1
        if whole:
            self._count(COMPARED)
        if report.adopted or report.given_up or report.released or report.open:
            log.info(
                "numbers_reconciled",
                adopted=report.adopted,
                given_up=report.given_up,
                released=report.released,
                open=len(report.open),
            )
