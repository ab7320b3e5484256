"""Connection pool for single statements, used for the database role ``epoch_lookup``; faster than asyncpg's pool."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic
from typing import Any

import asyncpg

from kit.db.pool_metrics import PoolMeter, meter_of
from kit.errors import TooMany

_MIN_SECONDS = 0.01
CONNECTION_LOST = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a statement was sent while the server closed the connection
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
)
"""Errors of a statement whose connection to the server was lost."""
_MAX_WAITING_SHARE = 1 / 3
"""A caller is refused when its expected wait for a connection is more than this share of ``seconds``."""
_INITIAL_INTERVAL_SECONDS = 0.001
_NEWEST_SHARE = 0.1
"""Weight of the newest interval in the average."""
_Queue = deque[tuple[float, asyncio.Future[Any]]]
"""Callers that wait for a connection, in the order of arrival, each with the time at which it began to wait."""


class PoolOverloaded(TooMany):
    """Too many callers wait for a connection: another caller would not be served in time."""

    def __init__(self) -> None:
        super().__init__(retry_after=2)


class StatementPool:
    """Runs single statements on at most ``size`` connections.

    It has no transactions, settings or listeners, so nothing must be reset between uses, and a connection is passed
    directly to the caller that has waited longest. docs/decisions/0131 has the measurement that justifies this pool.
    """

    def __init__(
        self, connect: Callable[[], Awaitable[Any]], *, size: int, seconds: float, meter: PoolMeter | None = None
    ) -> None:
        """``connect`` opens a connection whose command timeout is ``seconds``; ``meter`` measures waits for one."""
        self._meter = meter or meter_of("statements")
        self._connect = connect
        self._size = size
        self._seconds = seconds
        self._open = 0
        self._idle: list[Any] = []
        self._waiters: _Queue = deque()
        self._refusable: _Queue = deque()
        """Callers of ``fetch_row_in_time`` and ``fetch_in_time``; served after ``_waiters``."""
        self._expiry: asyncio.TimerHandle | None = None
        """Ends the wait of callers that have waited ``seconds``. One timer for all: a timer for each costs 4 µs."""
        self._interval = _INITIAL_INTERVAL_SECONDS
        """The average time between two connections that waiting callers get."""
        self._last_handed_on: float | None = None

    @property
    def in_use(self) -> int:
        """Connections that run a statement or open."""
        return self._open - len(self._idle)

    async def fetch_row(self, query: str, *arguments: object) -> Any:
        """Return the first row, or None. When a connection is lost, idle ones may be lost too: see ``close_idle``.

        Raises:
            TimeoutError: within ``seconds`` no connection was free, or the statement did not finish.
        """
        return await self._run("fetchrow", query, *arguments)

    async def fetch_row_in_time(self, query: str, *arguments: object) -> Any:
        """As ``fetch_row``, but callers of all other methods get a connection first.

        Raises:
            PoolOverloaded: the caller would wait too long; raised before it waits.
            TimeoutError: as ``fetch_row``.
        """
        return await self._run_in_time("fetchrow", query, *arguments)

    async def fetch_in_time(self, query: str, *arguments: object) -> Sequence[Any]:
        """Return all rows. Raises: PoolOverloaded, TimeoutError, as ``fetch_row_in_time``."""
        rows: Sequence[Any] = await self._run_in_time("fetch", query, *arguments)
        return rows

    async def fetch_value(self, query: str, *arguments: object) -> Any:
        """Return the first column of the first row, or None. Raises: TimeoutError, as ``fetch_row``."""
        row = await self.fetch_row(query, *arguments)
        return None if row is None else row[0]

    async def fetch(self, query: str, *arguments: object) -> Sequence[Any]:
        """Return all rows. Raises: TimeoutError, as ``fetch_row``."""
        rows: Sequence[Any] = await self._run("fetch", query, *arguments)
        return rows

    async def execute(self, query: str, *arguments: object) -> str:
        """Run a statement; return the server's command tag, such as ``UPDATE 1``. Raises: TimeoutError."""
        tag: str = await self._run("execute", query, *arguments)
        return tag

    async def warm_up(self) -> None:
        """Open the connections that are not open yet, all at once.

        So the first callers of a new process neither wait for connections nor are refused. Raises: as ``connect``.
        """

        async def open_next() -> None:
            self._hand_on(await self._open_one(monotonic() + self._seconds))

        missing = self._size - self._open
        self._open = self._size
        opened = await asyncio.gather(*(open_next() for _ in range(missing)), return_exceptions=True)
        for error in opened:
            if error is not None:
                raise error

    def close_idle(self) -> None:
        """Close the idle connections, after an outage of the server or when the process stops."""
        idle, self._idle = self._idle, []
        self._open -= len(idle)
        for connection in idle:
            connection.terminate()

    async def _run(self, method: str, query: str, *arguments: object) -> Any:
        seconds_left = None
        # Callers wait only while no connection is idle.
        if (connection := self._pop_idle()) is None:
            connection, seconds_left = await self._wait(self._waiters)
        return await self._run_on(connection, seconds_left, method, query, arguments)

    async def _run_in_time(self, method: str, query: str, *arguments: object) -> Any:
        seconds_left = None
        if (connection := self._pop_idle()) is None:
            self._ensure_not_overloaded()
            connection, seconds_left = await self._wait(self._refusable)
        return await self._run_on(connection, seconds_left, method, query, arguments)

    async def _run_on(
        self, connection: Any, seconds_left: float | None, method: str, query: str, arguments: Sequence[object]
    ) -> Any:
        try:
            result = await getattr(connection, method)(query, *arguments, timeout=seconds_left)
        except (Exception, asyncio.CancelledError) as error:
            self._after_error(connection, error)
            raise
        self._hand_on(connection)
        return result

    def _pop_idle(self) -> Any:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
            self._open -= 1
        return None

    def _ensure_not_overloaded(self) -> None:
        """Raises: PoolOverloaded."""
        while self._refusable and self._refusable[0][1].done():
            self._refusable.popleft()
        limit = self._seconds * _MAX_WAITING_SHARE
        expected = (len(self._waiters) + len(self._refusable)) * self._interval
        # The average says nothing while no statement finishes at all.
        waited = monotonic() - self._refusable[0][0] if self._refusable else 0.0
        if max(expected, waited) > limit:
            self._meter.count_timeout()
            raise PoolOverloaded

    async def _wait(self, queue: _Queue) -> tuple[Any, float]:
        """Wait in ``queue`` for a connection; return it and the seconds left for the statement.

        Raises: TimeoutError.
        """
        end = monotonic() + self._seconds
        connection = None
        if self._open < self._size:
            self._open += 1
        else:
            connection = await self._next_connection(queue)
        if connection is None:
            connection = await self._open_one(end)
        return connection, max(_MIN_SECONDS, end - monotonic())

    async def _next_connection(self, queue: _Queue) -> Any:
        """The next connection that becomes free; None allows the caller to open one. Raises: TimeoutError."""
        loop = asyncio.get_running_loop()
        waiter = loop.create_future()
        began = monotonic()
        queue.append((began, waiter))
        if self._expiry is None:
            self._expiry = loop.call_later(self._seconds, self._expire_waiters)
        try:
            return await waiter
        except TimeoutError:
            self._meter.count_timeout()
            raise
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._hand_on(waiter.result())
            raise
        finally:
            self._meter.add_wait(monotonic() - began)

    def _expire_waiters(self) -> None:
        """End the wait of callers that have waited ``seconds``, and set the timer for the caller that waits longest."""
        now, oldest = monotonic(), None
        for queue in (self._waiters, self._refusable):
            while queue and (queue[0][1].done() or now - queue[0][0] >= self._seconds):
                waiter = queue.popleft()[1]
                if not waiter.done():
                    waiter.set_exception(TimeoutError())
            if queue:
                oldest = queue[0][0] if oldest is None else min(oldest, queue[0][0])
        self._expiry = None
        if oldest is not None:
            seconds_left = oldest + self._seconds - now
            self._expiry = asyncio.get_running_loop().call_later(seconds_left, self._expire_waiters)

    async def _open_one(self, end: float) -> Any:
        try:
            async with asyncio.timeout(end - monotonic()):
                return await self._connect()
        except (Exception, asyncio.CancelledError):
            self._hand_on(None)
            raise

    def _after_error(self, connection: Any, error: BaseException) -> None:
        if isinstance(error, asyncpg.PostgresError) and not isinstance(error, CONNECTION_LOST):
            self._hand_on(None if connection.is_closed() else connection)
            return
        # Cancelled, timed out or lost: the server may still run the statement.
        connection.terminate()
        self._hand_on(None)

    def _hand_on(self, connection: Any) -> None:
        """Pass ``connection`` to the next caller that waits, else keep it; None allows the caller to open one."""
        if (waiter := self._next_waiter()) is not None:
            self._measure_interval()
            waiter.set_result(connection)
            return
        self._last_handed_on = None
        if connection is None:
            self._open -= 1
        else:
            self._idle.append(connection)

    def _next_waiter(self) -> asyncio.Future[Any] | None:
        while self._waiters:
            if not (waiter := self._waiters.popleft()[1]).done():
                return waiter
        while self._refusable:
            if not (waiter := self._refusable.popleft()[1]).done():
                return waiter
        return None

    def _measure_interval(self) -> None:
        now = monotonic()
        if self._last_handed_on is not None:
            self._interval += (now - self._last_handed_on - self._interval) * _NEWEST_SHARE
        self._last_handed_on = now
