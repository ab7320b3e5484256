"""Counts events, such as token exchanges, per minute over all processes: the table, and each process's buffer."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from kit.buffered_writer import BufferedWriter
from kit.clock import utc_now
from kit.db.database import Database
from kit.db.model import Base
from kit.db.outage import is_outage

# Ordered by name, so that two processes that write the same rows cannot deadlock.
_ADD = """
INSERT INTO minute_counter (id, minute, name, amount)
SELECT id, $1, name, amount FROM unnest($2::uuid[], $3::text[], $4::bigint[]) AS counted(id, name, amount)
ORDER BY name
ON CONFLICT (minute, name) DO UPDATE SET amount = minute_counter.amount + excluded.amount
"""
log = structlog.get_logger("epoch.counters")


class MinuteCounter(Base):
    """The sum of one counter over all processes in one minute."""

    __tablename__ = "minute_counter"
    __table_args__ = (sa.UniqueConstraint("minute", "name"),)

    minute: Mapped[dt.datetime]
    name: Mapped[str]
    """Like ``exchange.ok``: one of a fixed set of names, never text from a request."""
    amount: Mapped[int] = mapped_column(sa.BigInteger)


class CounterBuffer(BufferedWriter):
    """The counts of one process; the look-up role adds them to the table every few seconds."""

    def __init__(self, database: Database, *, publish: Callable[[str, int], None] | None = None) -> None:
        """``publish`` gets each counter and its growth at each flush, for metrics, also while the database is down."""
        super().__init__(name="minute_counter")
        self._database = database
        self._publish = publish
        self._pending: defaultdict[str, int] = defaultdict(int)
        self._unpublished: defaultdict[str, int] = defaultdict(int)

    def add(self, name: str, amount: int = 1) -> None:
        """Add ``amount`` to the counter ``name``."""
        self._pending[name] += amount
        self._unpublished[name] += amount

    async def flush(self) -> None:
        """Write the pending counts; when the database cannot be reached, keep them for the next flush."""
        self.publish()
        pending, self._pending = self._pending, defaultdict(int)
        if not pending:
            return
        minute = utc_now().replace(second=0, microsecond=0)
        columns = [uuid7() for _ in pending], list(pending), list(pending.values())
        try:
            await self._database.lookup_pool.execute(_ADD, minute, *columns)
        except Exception as error:
            for name, amount in pending.items():
                self._pending[name] += amount
            if not is_outage(error):
                raise
            log.warning("counters_not_written", error=type(error).__name__)

    def publish(self) -> None:
        """Pass the counts since the last call to the function ``publish`` of the constructor."""
        unpublished, self._unpublished = self._unpublished, defaultdict(int)
        if self._publish is not None:
            for name, amount in unpublished.items():
                self._publish(name, amount)
