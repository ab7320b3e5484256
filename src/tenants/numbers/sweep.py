"""The number sweep: finishes what requests left undone and compares the carrier's list with ours, in one worker."""

import asyncio
import contextlib

import sqlalchemy as sa
import structlog

from carrier.port import CarrierError
from kit.db import Database, is_outage
from tenants.numbers.reconcile import Reconciler

FIRST_SECONDS = 5
SWEEP_SECONDS = 30
COMPARE_EVERY = 10
"""The carrier's whole list is read at the first sweep and then at every so-manieth."""
_LOCK = sa.text("SELECT pg_try_advisory_lock(hashtext('epoch.numbers'))")
_UNLOCK = sa.text("SELECT pg_advisory_unlock(hashtext('epoch.numbers'))")
log = structlog.get_logger("epoch.numbers")


class NumberSweep:
    """A task of each worker; whichever has the lock works, so a worker that dies is replaced by the next."""

    def __init__(self, database: Database, reconciler: Reconciler) -> None:
        self._database = database
        self._reconciler = reconciler
        self._sweeps = 0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def sweep(self) -> bool:
        """One pass, unless another worker is at it: then False. Raises: CarrierError."""
        # The lock belongs to the connection, and no transaction stays open while the carrier is asked.
        async with self._database.engine.connect() as connection:
            lock = await connection.execution_options(isolation_level="AUTOCOMMIT")
            if not await lock.scalar(_LOCK):
                return False
            try:
                whole = self._sweeps % COMPARE_EVERY == 0
                report = await (self._reconciler.compare if whole else self._reconciler.finish)()
                self._sweeps += 1
            finally:
                await lock.execute(_UNLOCK)
        if report.adopted or report.given_up or report.released or report.open:
            log.info(
                "numbers_reconciled",
                adopted=report.adopted,
                given_up=report.given_up,
                released=report.released,
                open=len(report.open),
            )
        return True

    async def _run(self) -> None:
        await asyncio.sleep(FIRST_SECONDS)
        while True:
            try:
                await self.sweep()
            except CarrierError as error:
                log.warning("number_sweep_put_off", error=str(error))
            except Exception as error:
                if is_outage(error):
                    log.warning("number_sweep_skipped", error=type(error).__name__)
                else:
                    log.error("number_sweep_failed", exc_info=error)
            await asyncio.sleep(SWEEP_SECONDS)
