"""Notes when tokens are used: collected in memory, written together, never on a request's path."""

import asyncio
import contextlib
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from kit.db import Database, is_outage

FLUSH_SECONDS = 5
WRITE_EVERY = timedelta(minutes=1)
"""A token's row is written at most this often, however many workers see it used."""
_SQL = """
UPDATE embed_token SET last_used_at = seen.used_at, last_origin = coalesce(seen.origin, embed_token.last_origin)
FROM unnest($1::uuid[], $2::timestamptz[], $3::text[]) AS seen(id, used_at, origin)
WHERE embed_token.id = seen.id
  AND (embed_token.last_used_at IS NULL OR embed_token.last_used_at <= seen.used_at - interval '1 minute')
"""
log = structlog.get_logger("epoch.widget")


class TokenUsage:
    """Collects the uses of tokens and writes them every few seconds."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pending: dict[UUID, tuple[datetime, str | None]] = {}
        self._task: asyncio.Task[None] | None = None

    def note(self, token_id: UUID, last_used_at: datetime | None, now: datetime, origin: str | None) -> None:
        """Remember that ``token_id`` was used ``now``; a use within a minute of the last written one is dropped."""
        if last_used_at is None or now - last_used_at >= WRITE_EVERY:
            self._pending.setdefault(token_id, (now, origin))

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self.flush()

    async def flush(self) -> None:
        """Write what is pending; kept for the next time when the database does not answer."""
        pending, self._pending = self._pending, {}
        if not pending:
            return
        used, origins = zip(*pending.values(), strict=True)
        try:
            async with self._database.pool.acquire() as connection:
                await connection.execute(_SQL, list(pending), list(used), list(origins))
        except Exception as error:
            if not is_outage(error):
                raise
            self._pending = {**pending, **self._pending}
            log.warning("token_usage_not_written", error=type(error).__name__, tokens=len(pending))

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            try:
                await self.flush()
            except Exception as error:
                log.error("token_usage_failed", exc_info=error)
