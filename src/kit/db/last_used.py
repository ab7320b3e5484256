"""Buffered writer of the last-used times of secrets."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from kit.buffered_writer import BufferedWriter
from kit.db.database import Database
from kit.db.outage import is_outage

LAST_USED_PRECISION = timedelta(minutes=1)
"""A row is written at most once in this time; the statement checks it too, because several workers may use a secret."""
log = structlog.get_logger("epoch.last_used")


class LastUsedWriter(BufferedWriter):
    """Collects the uses of one kind of secret and writes them every few seconds, as the look-up role.

    The parameters of ``statement`` are arrays: ids, times of use, and one for each further argument of ``note``.
    """

    def __init__(self, database: Database, statement: str, *, of: str) -> None:
        super().__init__(of=of)
        self._database = database
        self._statement = statement
        self._pending: dict[UUID, tuple[Any, ...]] = {}

    def note(self, row_id: UUID, last_used_at: datetime | None, now: datetime, *more: str | None) -> None:
        """Buffer the use of ``row_id`` at ``now``; ignore it within ``LAST_USED_PRECISION`` of ``last_used_at``."""
        if last_used_at is None or now - last_used_at >= LAST_USED_PRECISION:
            self._pending.setdefault(row_id, (now, *more))

    async def flush(self) -> None:
        """Write the pending uses; when the database cannot be reached, keep them for the next flush."""
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
