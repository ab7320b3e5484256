"""Ends live calls that may not go on: of a revoked token, of a suspended or deleted organization.

The rows themselves are the queue: a call stays in it until the carrier reports its end, so no request to end it is
lost with a worker, and one the carrier did not take is made again.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from uuid import UUID

import structlog

from carrier.port import Carrier, CarrierError, NotAtCarrier
from kit.db import Database, is_outage

SWEEP_SECONDS = 2
"""Revocation promises the end of live calls within 10 s."""
_RETRY_SECONDS = (2, 4, 6)
"""The last one repeats: however long the carrier failed, a call outlives its recovery by seconds only."""
_SQL = """
SELECT c.id, c.carrier_sid
FROM call c JOIN embed_token t ON t.id = c.token_id JOIN organization o ON o.id = c.organization_id
WHERE c.status IN ('initiated', 'ringing', 'in-progress')
  AND (t.revoked_at IS NOT NULL OR o.suspended_at IS NOT NULL OR o.deleted_at IS NOT NULL)
ORDER BY c.id LIMIT 500
"""
log = structlog.get_logger("epoch.voice")


class CallEnder:
    """A task that looks for such calls and asks the carrier to end them."""

    def __init__(self, database: Database, carrier: Carrier, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._carrier = carrier
        self._clock = clock
        self._tried: dict[UUID, tuple[int, float]] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def sweep(self) -> None:
        """Ask the carrier once for each call that is due."""
        async with self._database.pool.acquire() as connection:
            rows = await connection.fetch(_SQL)
        live = {row["id"] for row in rows}
        self._tried = {call: tried for call, tried in self._tried.items() if call in live}
        await asyncio.gather(*(self._end(row["id"], row["carrier_sid"]) for row in rows))

    async def _end(self, call: UUID, carrier_sid: str) -> None:
        attempts, due = self._tried.get(call, (0, 0.0))
        if self._clock() < due:
            return
        wait = _RETRY_SECONDS[min(attempts, len(_RETRY_SECONDS) - 1)]
        self._tried[call] = (attempts + 1, self._clock() + wait)
        try:
            await self._carrier.end_call(carrier_sid)
        except NotAtCarrier:
            log.info("call_already_over", call=str(call))
        except CarrierError as error:
            log.warning("call_not_ended", call=str(call), attempt=attempts + 1, error=type(error).__name__)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            try:
                await self.sweep()
            except Exception as error:
                if is_outage(error):
                    log.warning("call_sweep_skipped", error=type(error).__name__)
                else:
                    log.error("call_sweep_failed", exc_info=error)
