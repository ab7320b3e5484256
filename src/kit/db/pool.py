"""Connections for one short statement at a time, with as little as possible around it."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg

_LEAST_SECONDS = 0.01
CONNECTION_LOST = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the server's last words crossed a new statement
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
)
"""What a statement raises whose connection went away with its server."""


class Statements:
    """Runs single statements on a few connections of its own; for the hottest path.

    asyncpg's pool wraps each use in a proxy, a task and timers, a seventh of what an exchange costs. Without
    transactions, settings and listeners there is nothing to clean up between two uses, so a connection goes from hand
    to hand here.
    """

    def __init__(self, connect: Callable[[], Awaitable[Any]], *, size: int, seconds: float) -> None:
        """``connect`` opens a connection that cuts off each statement after ``seconds`` by itself."""
        self._connect = connect
        self._size = size
        self._seconds = seconds
        self._open = 0
        self._idle: list[Any] = []
        self._waiters: deque[asyncio.Future[Any]] = deque()

    async def fetch_row(self, query: str, *arguments: object) -> Any:
        """The first row, or None. When a connection breaks, those that are idle may be just as dead: see ``reset``.

        Raises:
            TimeoutError: no connection was free, or the statement not done, within ``seconds``.
        """
        left = None
        if self._idle:  # then nobody waits
            connection = self._idle.pop()
        else:
            loop = asyncio.get_running_loop()
            end = loop.time() + self._seconds
            async with asyncio.timeout_at(end):
                connection = await self._wait_for_one()
            left = max(_LEAST_SECONDS, end - loop.time())
        try:
            row = await connection.fetchrow(query, *arguments, timeout=left)
        except BaseException as error:
            if isinstance(error, asyncpg.PostgresError) and not isinstance(error, CONNECTION_LOST):
                self._hand_on(None if connection.is_closed() else connection)
                raise
            # Cancelled, cut off or broken: the server may still be at work on it.
            connection.terminate()
            self._hand_on(None)
            raise
        self._hand_on(connection)
        return row

    def reset(self) -> None:
        """Close the connections that are idle: the server they belonged to may be gone, or we stop."""
        idle, self._idle = self._idle, []
        self._open -= len(idle)
        for connection in idle:
            connection.terminate()

    async def _wait_for_one(self) -> Any:
        if self._open < self._size:
            self._open += 1
            return await self._open_one()
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            connection = await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self._hand_on(waiter.result())
            raise
        return await self._open_one() if connection is None else connection

    async def _open_one(self) -> Any:
        try:
            return await self._connect()
        except BaseException:
            self._hand_on(None)
            raise

    def _hand_on(self, connection: Any) -> None:
        """Give ``connection``, or with None the right to open another, to who waits longest, else keep it."""
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return
        if connection is None:
            self._open -= 1
        else:
            self._idle.append(connection)
