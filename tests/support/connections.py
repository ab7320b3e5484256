"""Watches the database connections of an application."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import asyncpg
from litestar import Litestar

from admin.back_office import BACK_OFFICE
from kit.http.app_key import DATABASE
from support.waiting import until

_BACKENDS = """
SELECT pid, backend_start, state FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'epoch-voice'
"""


class ConnectionWatch:
    """The server's view of the connections to one database, and the application's view of its pools."""

    def __init__(self, app: Litestar, watcher: Any) -> None:
        self._app = app
        self._watcher = watcher

    @classmethod
    async def open(cls, app: Litestar, database_url: str) -> "ConnectionWatch":
        return cls(app, await asyncpg.connect(database_url))

    async def close(self) -> None:
        await self._watcher.close()

    async def backends(self) -> Mapping[int, datetime]:
        """The start of each of the product's connections, by process id."""
        return {row["pid"]: row["backend_start"] for row in await self._watcher.fetch(_BACKENDS)}

    async def wait_until_idle(self) -> None:
        """Wait until nobody holds a connection and none is in a transaction. Raises: TimeoutError."""
        await until(self._is_idle)

    async def wait_until_at_most(self, most: int) -> None:
        """Wait until there are ``most`` connections at the most. Raises: TimeoutError.

        PostgreSQL ends the process of a connection that was cut a moment later than the application forgets it.
        """

        async def is_below() -> bool:
            return len(await self.backends()) <= most

        await until(is_below)

    async def _is_idle(self) -> bool:
        databases = DATABASE.get(self._app), BACK_OFFICE.get(self._app).staff_database
        return not any(database.connections_in_use for database in databases) and not await self._in_transaction()

    async def _in_transaction(self) -> bool:
        return any((row["state"] or "").startswith("idle in") for row in await self._watcher.fetch(_BACKENDS))
