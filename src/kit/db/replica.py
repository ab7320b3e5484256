"""A read replica: its pools, how far it is behind, and whether it is fit to be read.

The primary's write-ahead log (WAL) position is noted once a second. What a standby shows is at least as new as the
newest note whose position it has replayed. So no clock but this process's takes part, an idle primary does not look
like a standby that is behind, and a process that starts after a migration reads a standby only when that has it too.
"""

import asyncio
import contextlib
import enum
import time
from bisect import bisect_right
from collections import deque
from datetime import datetime
from typing import Any

import asyncpg
import msgspec
import sqlalchemy as sa
import structlog
from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncEngine

from kit.connection_failures import describe_connection_failure
from kit.db.connections import ReplicaShares
from kit.db.connector import Connector
from kit.db.database import CUSTOM_PLANS, REQUEST_ROLE, SERVER_SETTINGS, Database, create_engine, ensure_open
from kit.db.outage import is_outage, sqlstate_of
from kit.db.pool_metrics import MeasuredQueuePool, meter_of
from kit.failures import FAILURES

CONNECT_SECONDS = 1.0
"""The time that a connection to the replica, and the first statement on it, may take: then the primary is read."""
INTERVAL_SECONDS = 1.0
KEPT_NOTES = 3600
"""Notes of the primary's position, of an hour: a longer lag is only known from the last replayed commit's time."""
_CAUGHT_UP = 0.5
"""Share of the maximal lag below which a replica that was behind is read again: else it might change each second."""
_SOON_SECONDS = 0.05
"""The time after which a standby that follows shows the newest note, which it did not at once."""
_COMMAND_SECONDS = 6.0
"""More than ``statement_timeout``: only a server that does not answer at all takes longer."""
POSITION_SQL = "SELECT clock_timestamp(), (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint"
REPLAYED_SQL = "SELECT pg_is_in_recovery(), (pg_last_wal_replay_lsn() - '0/0'::pg_lsn)::bigint"
"""True on a standby, and the position up to which it shows the primary's changes."""
_LAST_COMMIT = "SELECT extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float"
IDENTITY_SQL = """
SELECT system_identifier || '/' || (SELECT oid FROM pg_database WHERE datname = current_database())
FROM pg_control_system()
"""
"""Equal on a primary and its standbys alone."""
_PAGE_BYTES, _LEAST_SEGMENT_BYTES = 8192, 1 << 20
_PAGE_HEADER_BYTES, _SEGMENT_HEADER_BYTES = 24, 40
_TOO_LONG = "57014"
_RECOVERY_CONFLICT = "40001"
"""The standby ended a query whose rows its replay removes."""
_OLDER_SCHEMA = frozenset({"42P01", "42703", "42883", "3F000"})
"""No such table, column, function or schema: a migration that the standby has not replayed."""
CHANGES = Counter("epoch_database_replica_changes", "Changes of the read replica's state, by the new state.", ["state"])
log = structlog.get_logger("epoch.replica")


_NO_ANSWER = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""A role that is not taken and a time that is over are among them."""


class NotOurStandby(Exception):
    """The server is no standby of this database; the message says what it is."""


class ReplicaState(enum.StrEnum):
    """The state of the replica, as measured last."""

    UNKNOWN = "unknown"
    """Not measured yet."""
    IN_USE = "in_use"
    BEHIND = "behind"
    """Further than it may be, or an older schema."""
    UNREACHABLE = "unreachable"
    WRONG = "wrong"
    """No standby, or one of another database."""


class PositionNote(msgspec.Struct, frozen=True):
    """The primary's position at one moment."""

    position: int
    """Bytes from the begin of the WAL."""
    noted_at: float
    """By this process's monotonic clock, before the primary was asked."""
    primary_time: datetime


class ReadReplica:
    """The replica as one worker sees it. ``start`` and ``stop`` run in the server's event loop."""

    def __init__(
        self,
        primary: Database,
        connector: Connector,
        *,
        shares: ReplicaShares,
        max_lag_seconds: float,
        interval_seconds: float = INTERVAL_SECONDS,
    ) -> None:
        self._primary = primary
        self._connector = connector
        self._interval_seconds = interval_seconds
        self.max_lag_seconds = max_lag_seconds
        self.lists = _engine(connector, shares.lists, pool="replica")
        self.exports = _engine(connector, shares.exports, pool="replica_exports")
        self.state = ReplicaState.UNKNOWN
        self.reason = "it is not compared with the database yet"
        """The reason for not using it, for people."""
        self.was_measured = False
        """False until the first measurement is over: then nothing is known about it."""
        self.lag_seconds: float | None = None
        """As measured last; None while it is not known."""
        self._shown: PositionNote | None = None
        """The newest note that the replica showed when it was measured last."""
        self._notes: deque[PositionNote] = deque(maxlen=KEPT_NOTES)
        self._not_before = 0.0
        """A time of the monotonic clock: what the replica shows must be as new as that."""
        self._measuring = asyncio.Lock()
        self._connection: Any = None
        self._task: asyncio.Task[None] | None = None
        for state in set(ReplicaState) - {ReplicaState.UNKNOWN}:
            CHANGES.labels(state)

    @property
    def is_in_use(self) -> bool:
        return self.state is ReplicaState.IN_USE

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self._disconnect()
        await self.lists.dispose()
        await self.exports.dispose()

    def as_of(self, max_age: float) -> datetime | None:
        """The time up to which the replica has every change; None if that is more than ``max_age`` seconds ago."""
        note = self._shown
        return note.primary_time if note is not None and self.shows_enough(note, max_age) else None

    def newest_note(self, replayed: int) -> PositionNote | None:
        """The newest note whose position a standby has that has replayed up to ``replayed``; None without one."""
        index = bisect_right(self._notes, replayed, key=lambda note: note.position)
        return self._notes[index - 1] if index else None

    def shows_enough(self, note: PositionNote | None, max_age: float) -> bool:
        """True when a standby that shows ``note`` may be read by who accepts data of ``max_age`` seconds."""
        if note is None or note.noted_at < self._not_before:
            return False
        return time.monotonic() - note.noted_at <= min(max_age, self.max_lag_seconds)

    def is_fault_of_replica(self, error: BaseException) -> bool:
        """True when the statement that failed with ``error`` on the replica should be tried on the primary."""
        state = sqlstate_of(error)
        if state == _TOO_LONG:
            return False  # it would take as long there
        return state == _RECOVERY_CONFLICT or state in _OLDER_SCHEMA or is_outage(error)

    def note_failure(self, error: BaseException) -> None:
        """Leave the replica until it is measured again, unless ``error`` is about one statement."""
        state = sqlstate_of(error)
        if state in _OLDER_SCHEMA:
            self._not_before = time.monotonic()
            self._change(ReplicaState.BEHIND, "its schema is older than the database's")
        elif state != _RECOVERY_CONFLICT:
            self._change(ReplicaState.UNREACHABLE, describe_connection_failure(error))

    async def measure(self) -> None:
        """Note the primary's position and find out the replica's state; of several callers one after the other."""
        async with self._measuring:
            try:
                await self._measure()
            finally:
                self.was_measured = True

    async def _measure(self) -> None:
        try:
            await self._note_position()
        except _NO_ANSWER as error:
            # The last notes grow older meanwhile, until the replica may not be read any more.
            log.debug("replica_not_compared", error=type(error).__name__)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                note, lag = await self._ask()
        except NotOurStandby as error:
            self._leave(ReplicaState.WRONG, str(error))
        except _NO_ANSWER as error:
            self._leave(ReplicaState.UNREACHABLE, describe_connection_failure(error))
        else:
            self._judge(note, lag)

    async def _ask(self) -> tuple[PositionNote | None, float | None]:
        """The note up to which the replica shows changes, and its lag in seconds. Raises: NotOurStandby."""
        connection = await self._connected()
        note: PositionNote | None = None
        for pause in (0, _SOON_SECONDS):
            await asyncio.sleep(pause)
            is_standby, replayed = await connection.fetchrow(REPLAYED_SQL)
            if not is_standby:
                raise NotOurStandby("the server is no standby")
            note = self.newest_note(replayed)
            if self._notes and note is self._notes[-1]:
                break
        return note, time.monotonic() - note.noted_at if note else await connection.fetchval(_LAST_COMMIT)

    def _judge(self, note: PositionNote | None, lag: float | None) -> None:
        self.lag_seconds, self._shown = lag, note
        limit = self.max_lag_seconds * (_CAUGHT_UP if self.state is ReplicaState.BEHIND else 1)
        if self.shows_enough(note, limit):
            self._change(ReplicaState.IN_USE, "")
        elif self._notes:
            lag_text = "by an unknown time" if lag is None else f"by {lag:.0f} s"
            self._change(ReplicaState.BEHIND, f"it is behind {lag_text}; {self.max_lag_seconds:.0f} s are allowed")

    async def _run(self) -> None:
        while True:
            try:
                await self.measure()
            except Exception as error:
                FAILURES.report(error, where="read replica")
            await asyncio.sleep(self._interval_seconds)

    async def _note_position(self) -> None:
        noted_at = time.monotonic()
        primary_time, position = await self._primary.lookup_pool.fetch_row(POSITION_SQL)
        position = without_header(position)
        if self._notes and position < self._notes[-1].position:
            self._notes.clear()  # another server is the primary now
        self._notes.append(PositionNote(position, noted_at, primary_time))

    async def _connected(self) -> Any:
        """The connection that measures. Raises: as ``Connector.open``."""
        if self._connection is None or self._connection.is_closed():
            connection = await self._connector.open(
                REQUEST_ROLE, seconds=CONNECT_SECONDS, command_timeout=CONNECT_SECONDS, settings=SERVER_SETTINGS
            )
            self._connection = connection
            theirs = await connection.fetchval(IDENTITY_SQL)
            if theirs != await self._primary.lookup_pool.fetch_value(IDENTITY_SQL):
                raise NotOurStandby("it is a standby of another database")
        return self._connection

    def _leave(self, state: ReplicaState, reason: str) -> None:
        self._disconnect()
        self.lag_seconds = self._shown = None
        self._change(state, reason)

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    def _change(self, state: ReplicaState, reason: str) -> None:
        self.reason = reason
        if state is self.state:
            return
        self.state = state
        CHANGES.labels(state).inc()
        if state is ReplicaState.IN_USE:
            log.info("replica_in_use", lag_seconds=round(self.lag_seconds or 0, 1))
        else:
            log.warning("replica_not_in_use", state=state.value, reason=reason)


def _engine(connector: Connector, connections: int, *, pool: str) -> AsyncEngine:
    meter_of(pool)  # its series begin now
    engine = create_engine(
        connector,
        REQUEST_ROLE,
        {**SERVER_SETTINGS, **CUSTOM_PLANS},
        CONNECT_SECONDS,
        command_seconds=_COMMAND_SECONDS,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=CONNECT_SECONDS,
        poolclass=MeasuredQueuePool,
        pool_logging_name=pool,
        pool_use_lifo=True,
    )
    sa.event.listen(engine.sync_engine, "checkout", ensure_open)
    return engine


def without_header(position: int) -> int:
    """``position`` without the header of a page that holds no record yet, which a standby does not replay by itself."""
    header = _SEGMENT_HEADER_BYTES if position % _LEAST_SEGMENT_BYTES < _PAGE_BYTES else _PAGE_HEADER_BYTES
    return position - header if position % _PAGE_BYTES == header else position
