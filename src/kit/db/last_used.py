"""Buffered writer of the times at which secrets were last used."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from kit.buffered_writer import BufferedWriter
from kit.db.database import Database, is_outage

LAST_USED_PRECISION = timedelta(minutes=1)
"""A row is written at most this often; the statement holds to it too, for several workers see one secret used."""
log = structlog.get_logger("epoch.last_used")


class LastUsedWriter(BufferedWriter):
    """Collects the uses of one kind of secret and writes them every few seconds, as the look-up role.

    ``statement`` takes arrays of ids, of times of use, and of whatever else is noted with each.
    """

    def __init__(self, database: Database, statement: str, *, of: str) -> None:
        super().__init__(of=of)
        self._database = database
        self._statement = statement
        self._pending: dict[UUID, tuple[Any, ...]] = {}

    def note(self, row_id: UUID, last_used_at: datetime | None, now: datetime, *more: str | None) -> None:
        """Remember that ``row_id`` was used ``now``; a use within a minute of the last written one is dropped."""
        if last_used_at is None or now - last_used_at >= LAST_USED_PRECISION:
            self._pending.setdefault(row_id, (now, *more))

    async def flush(self) -> None:
        """Write what is pending; kept for the next time when the database does not answer."""
        pending, self._pending = self._pending, {}
        if not pending:
            return
        columns = [list(column) for column in zip(*pending.values(), strict=True)]
        try:
            await self._database.lookup_pool.execute(self._statement, list(pending), *columns)
        except Exception as error:
            if not is_outage(error):
                raise
            self._pending = {**pending, **self._pending}
            log.warning("last_used_not_written", of=self._of, error=type(error).__name__, rows=len(pending))
