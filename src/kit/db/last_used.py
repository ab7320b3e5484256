"""Collects the times at which API keys and embed tokens were last used, and writes them every few seconds."""

import itertools
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from kit.buffered_writer import BufferedWriter
from kit.db.database import Database
from kit.db.outage import is_outage

LAST_USED_PRECISION = timedelta(minutes=1)
"""A row is written at most once in this time; the statement checks it too, because several workers may use a secret."""
CHUNK_ROWS = 500
"""Rows that one statement writes. A statement with tens of thousands would exceed the pool's time limit each time."""
log = structlog.get_logger("epoch.last_used")


class LastUsedWriter(BufferedWriter):
    """Collects the uses of one kind of secret and writes them every few seconds, as the look-up role.

    The parameters of ``statement`` are arrays: ids, times of use, and one for each further argument of ``record_use``.
    """

    def __init__(self, database: Database, statement: str, *, name: str) -> None:
        super().__init__(name=name)
        self._database = database
        self._statement = statement
        self._pending: dict[UUID, tuple[Any, ...]] = {}

    def record_use(self, row_id: UUID, last_used_at: datetime | None, now: datetime, *arguments: str | None) -> None:
        """Buffer the use of ``row_id`` at ``now``; ignore it within ``LAST_USED_PRECISION`` of ``last_used_at``."""
        if last_used_at is None or now - last_used_at >= LAST_USED_PRECISION:
            self._pending.setdefault(row_id, (now, *arguments))

    async def flush(self) -> None:
        """Write the pending uses in chunks; when the database cannot be reached, keep the rest for the next flush."""
        pending, self._pending = self._pending, {}
        try:
            while pending:
                # Sorted, so that two processes that write the same rows cannot deadlock.
                ids = sorted(itertools.islice(pending, CHUNK_ROWS))
                await self._write({row_id: pending[row_id] for row_id in ids})
                for row_id in ids:
                    del pending[row_id]
        except Exception as error:
            if not is_outage(error):
                for row_id in ids:
                    del pending[row_id]
                raise
            log.warning("last_used_not_written", of=self._name, error=type(error).__name__, rows=len(pending))
        finally:
            # Also when the process stops during a write: its last flush writes the rest.
            self._pending = {**pending, **self._pending}

    async def _write(self, uses: Mapping[UUID, tuple[Any, ...]]) -> None:
        columns = [list(column) for column in zip(*uses.values(), strict=True)]
        await self._database.lookup_pool.execute(self._statement, list(uses), *columns)
