"""Database drivers for the library pgqueuer: a worker's connection that reconnects, and a session's transaction."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Self

import structlog
from pgqueuer.core.tm import TaskManager
from pgqueuer.ports.driver import Driver, NotifyCallback
from sqlalchemy.ext.asyncio import AsyncConnection

from kit.db.database import Database
from kit.db.outage import READ_ONLY, is_outage, sqlstate_of

RECONNECT_SECONDS = 0.5
LOG_INTERVAL_SECONDS = 60.0
log = structlog.get_logger("epoch.jobs")


class WorkerConnection(Driver):
    """One connection for a worker's queue statements and its LISTEN.

    During an outage a statement is repeated until the database is available. Without this, the library would lose
    retries that it could not store, and would not LISTEN again.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Any = None
        self._lock = asyncio.Lock()
        self._listeners: list[tuple[str, Callable[..., None]]] = []
        self._logged_at: float | None = None
        self._shutdown = asyncio.Event()
        self._tasks = TaskManager()

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        return [dict(row) for row in await self._run("fetch", query, *args)]

    async def execute(self, query: str, *args: object) -> str:
        return str(await self._run("execute", query, *args))

    async def notify(self, channel: str, payload: str) -> None:
        await self.execute("SELECT pg_notify($1, $2)", channel, payload)

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        def relay(_connection: object, _pid: object, _channel: object, payload: str) -> None:
            # No worker waits for the deletion of a job, and its notification would wake all workers.
            if '"delete"' not in payload:
                callback(payload)

        self._listeners.append((channel, relay))
        await self._run("add_listener", channel, relay)

    def forget_listeners(self) -> None:
        """Remove all listeners and close the connection; the library's next run adds its listeners again."""
        self._listeners.clear()
        if self._connection is not None:
            self._connection.terminate()

    async def close(self) -> None:
        if self._connection is not None:
            self._connection.terminate()

    def give_up(self) -> None:
        """Stop repeating statements: from now on an outage raises its error."""
        self._shutdown.set()

    @property
    def shutdown(self) -> asyncio.Event:
        return self._shutdown

    @property
    def tm(self) -> TaskManager:
        return self._tasks

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None: ...

    async def _run(self, method: str, *args: object) -> Any:
        while True:
            try:
                async with self._lock:
                    connection = await self._connected()
                    return await getattr(connection, method)(*args)
            except Exception as error:
                if self._shutdown.is_set() or not is_outage(error):
                    raise
                self._log_outage(error)
                if sqlstate_of(error) == READ_ONLY:
                    # The server became a standby; the next connection goes to the new primary.
                    await self.close()
            await asyncio.sleep(RECONNECT_SECONDS)

    def _log_outage(self, error: Exception) -> None:
        """Log at the beginning of an outage, then once in each ``LOG_INTERVAL_SECONDS``."""
        now = time.monotonic()
        if self._logged_at is None or now - self._logged_at >= LOG_INTERVAL_SECONDS:
            self._logged_at = now
            log.warning("job_queue_waits_for_database", error=type(error).__name__, sqlstate=sqlstate_of(error))

    async def _connected(self) -> Any:
        if self._connection is None or self._connection.is_closed():
            self._connection = await self._database.connect()
            for channel, relay in self._listeners:
                await self._connection.add_listener(channel, relay)
        return self._connection


class SessionConnection(Driver):
    """The transaction of a SQLAlchemy session. It has only ``fetch``, because enqueuing needs nothing else."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        # Not on the raw connection, because SQLAlchemy begins the driver's transaction with its first statement.
        result = await self._connection.exec_driver_sql(query, args)
        return [dict(row) for row in result.mappings()]

    async def execute(self, query: str, *args: object) -> str:
        raise NotImplementedError

    async def notify(self, channel: str, payload: str) -> None:
        raise NotImplementedError

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        raise NotImplementedError

    @property
    def shutdown(self) -> asyncio.Event:
        raise NotImplementedError

    @property
    def tm(self) -> TaskManager:
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None: ...
