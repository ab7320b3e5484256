"""The read replica as one worker sees it: its connection pools, its lag, and the decision whether it may be read.

Once a second the primary's write-ahead log (WAL) position is stored as a sample. The data of a standby are at least as
recent as the newest sample whose position it has replayed. So only this process's clock matters, the standby of an idle
primary does not seem to lag, and a process that starts after a migration reads the standby only when it has replayed
the migration too.
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
"""Time limit of a connection to the replica and of its first statement; after it the primary is read."""
INTERVAL_SECONDS = 1.0
MAX_SAMPLES = 3600
"""Samples of an hour are kept; a longer lag is only known from the time of the last replayed commit."""
_RETURN_SHARE = 0.5
"""A replica that was behind is read again below this share of the maximal lag, so that its state changes rarely."""
_REPLAY_PAUSE_SECONDS = 0.05
"""The wait before the second query: a standby without lag has replayed the newest sample by then."""
_COMMAND_SECONDS = 6.0
"""More than ``statement_timeout``: only a server that does not answer at all exceeds it."""
POSITION_SQL = "SELECT clock_timestamp(), (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint"
REPLAYED_SQL = "SELECT pg_is_in_recovery(), (pg_last_wal_replay_lsn() - '0/0'::pg_lsn)::bigint"
"""True on a standby, and the position up to which it shows the primary's changes."""
_SECONDS_SINCE_COMMIT_SQL = "SELECT extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float"
IDENTITY_SQL = """
SELECT system_identifier || '/' || (SELECT oid FROM pg_database WHERE datname = current_database())
FROM pg_control_system()
"""
"""The same value on a primary and its standbys, another value on every other server."""
_PAGE_BYTES, _LEAST_SEGMENT_BYTES = 8192, 1 << 20
_PAGE_HEADER_BYTES, _SEGMENT_HEADER_BYTES = 24, 40
_QUERY_CANCELED = "57014"
"""SQLSTATE of a statement that exceeded its time limit."""
_RECOVERY_CONFLICT = "40001"
"""SQLSTATE of a query that the standby canceled because its replay removes rows that the query reads."""
_OLDER_SCHEMA = frozenset({"42P01", "42703", "42883", "3F000"})
"""SQLSTATEs of a missing table, column, function or schema: the standby has not replayed a migration."""
CHANGES = Counter("epoch_database_replica_changes", "Changes of the read replica's state, by the new state.", ["state"])
log = structlog.get_logger("epoch.replica")


_CONNECTION_ERRORS = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""``OSError`` includes ``RoleNotSet`` and ``TimeoutError``."""


class WrongReplica(Exception):
    """The server is no standby of this database; the message says what the server is."""


class ReplicaState(enum.StrEnum):
    """The state of the replica, as measured last."""

    UNKNOWN = "unknown"
    """Not measured yet."""
    IN_USE = "in_use"
    BEHIND = "behind"
    """Its lag is too long, or its schema is older than the primary's."""
    UNREACHABLE = "unreachable"
    WRONG = "wrong"
    """No standby, or a standby of another database."""


class WalSample(msgspec.Struct, frozen=True):
    """The primary's WAL position at one time."""

    position: int
    """Bytes from the beginning of the WAL."""
    sampled_at: float
    """By this process's monotonic clock, before the primary was asked."""
    primary_time: datetime
    """By the primary's clock."""


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
        """The reason for not reading the replica, for people."""
        self.was_measured = False
        """False until the first measurement has ended; before it the state is ``UNKNOWN``."""
        self.lag_seconds: float | None = None
        """The lag at the last measurement; None while it is not known."""
        self._replayed_sample: WalSample | None = None
        """The newest sample that the replica had replayed at the last measurement."""
        self._samples: deque[WalSample] = deque(maxlen=MAX_SAMPLES)
        self._not_before = 0.0
        """A time of the monotonic clock: samples before it are not recent enough."""
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
        sample = self._replayed_sample
        return sample.primary_time if sample is not None and self.is_recent_enough(sample, max_age) else None

    def newest_sample(self, replayed: int) -> WalSample | None:
        """The newest sample at or before the WAL position ``replayed``; None without one."""
        index = bisect_right(self._samples, replayed, key=lambda sample: sample.position)
        return self._samples[index - 1] if index else None

    def is_recent_enough(self, sample: WalSample | None, max_age: float) -> bool:
        """True when ``sample`` is at most ``max_age`` and ``max_lag_seconds`` seconds old."""
        if sample is None or sample.sampled_at < self._not_before:
            return False
        return time.monotonic() - sample.sampled_at <= min(max_age, self.max_lag_seconds)

    def is_fault_of_replica(self, error: BaseException) -> bool:
        """True when the statement that failed with ``error`` on the replica should be tried on the primary."""
        state = sqlstate_of(error)
        if state == _QUERY_CANCELED:
            return False  # on the primary it would take as long
        return state == _RECOVERY_CONFLICT or state in _OLDER_SCHEMA or is_outage(error)

    def record_failure(self, error: BaseException) -> None:
        """Do not read the replica until the next measurement, unless ``error`` concerns only one statement."""
        state = sqlstate_of(error)
        if state in _OLDER_SCHEMA:
            self._not_before = time.monotonic()
            self._change(ReplicaState.BEHIND, "its schema is older than the database's")
        elif state != _RECOVERY_CONFLICT:
            self._change(ReplicaState.UNREACHABLE, describe_connection_failure(error))

    async def measure(self) -> None:
        """Sample the primary's position and determine the replica's state; concurrent calls run one after the other."""
        async with self._measuring:
            try:
                await self._measure()
            finally:
                self.was_measured = True

    async def _measure(self) -> None:
        try:
            await self._sample_position()
        except _CONNECTION_ERRORS as error:
            # Without new samples the replica is read until the last sample is too old.
            log.debug("replica_not_compared", error=type(error).__name__)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                sample, lag = await self._query_replica()
        except WrongReplica as error:
            self._stop_reading(ReplicaState.WRONG, str(error))
        except _CONNECTION_ERRORS as error:
            self._stop_reading(ReplicaState.UNREACHABLE, describe_connection_failure(error))
        else:
            self._decide_state(sample, lag)

    async def _query_replica(self) -> tuple[WalSample | None, float | None]:
        """The newest sample that the replica has replayed, and its lag in seconds. Raises: WrongReplica."""
        connection = await self._connected()
        sample: WalSample | None = None
        for pause in (0, _REPLAY_PAUSE_SECONDS):
            await asyncio.sleep(pause)
            is_standby, replayed = await connection.fetchrow(REPLAYED_SQL)
            if not is_standby:
                raise WrongReplica("the server is no standby")
            sample = self.newest_sample(replayed)
            if self._samples and sample is self._samples[-1]:
                break
        if sample is None:
            return None, await connection.fetchval(_SECONDS_SINCE_COMMIT_SQL)
        return sample, time.monotonic() - sample.sampled_at

    def _decide_state(self, sample: WalSample | None, lag: float | None) -> None:
        self.lag_seconds, self._replayed_sample = lag, sample
        limit = self.max_lag_seconds * (_RETURN_SHARE if self.state is ReplicaState.BEHIND else 1)
        if self.is_recent_enough(sample, limit):
            self._change(ReplicaState.IN_USE, "")
        elif self._samples:
            lag_text = "by an unknown time" if lag is None else f"by {lag:.0f} s"
            self._change(ReplicaState.BEHIND, f"it is behind {lag_text}; {self.max_lag_seconds:.0f} s are allowed")

    async def _run(self) -> None:
        while True:
            try:
                await self.measure()
            except Exception as error:
                FAILURES.report(error, where="read replica")
            await asyncio.sleep(self._interval_seconds)

    async def _sample_position(self) -> None:
        sampled_at = time.monotonic()
        primary_time, position = await self._primary.lookup_pool.fetch_row(POSITION_SQL)
        position = without_header(position)
        if self._samples and position < self._samples[-1].position:
            self._samples.clear()  # another server has become the primary
        self._samples.append(WalSample(position, sampled_at, primary_time))

    async def _connected(self) -> Any:
        """The connection that measures. Raises: as ``Connector.open``."""
        if self._connection is None or self._connection.is_closed():
            connection = await self._connector.open(
                REQUEST_ROLE, seconds=CONNECT_SECONDS, command_timeout=CONNECT_SECONDS, settings=SERVER_SETTINGS
            )
            self._connection = connection
            replica_identity = await connection.fetchval(IDENTITY_SQL)
            if replica_identity != await self._primary.lookup_pool.fetch_value(IDENTITY_SQL):
                raise WrongReplica("it is a standby of another database")
        return self._connection

    def _stop_reading(self, state: ReplicaState, reason: str) -> None:
        self._disconnect()
        self.lag_seconds = self._replayed_sample = None
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
    meter_of(pool)  # begins the pool's metrics series
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
    """``position`` before the header of a WAL page that has no record yet: a standby does not replay a header alone."""
    header = _SEGMENT_HEADER_BYTES if position % _LEAST_SEGMENT_BYTES < _PAGE_BYTES else _PAGE_HEADER_BYTES
    return position - header if position % _PAGE_BYTES == header else position
