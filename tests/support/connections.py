"""Watches the database connections of an application, as the server and the application's pools see them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import asyncpg
from litestar import Litestar

from admin.back_office import BACK_OFFICE
from kit.http.app_key import DATABASE
from support.waiting import wait_until

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
        """Wait until no connection is in use or in a transaction. Raises: TimeoutError."""
        await wait_until(self._is_idle)

    async def wait_until_at_most(self, most: int) -> None:
        """Wait until there are at most ``most`` connections. Raises: TimeoutError.

        After the application has closed a connection, the server's process for it ends a moment later.
        """

        async def is_below() -> bool:
            return len(await self.backends()) <= most

        await wait_until(is_below)

    async def _is_idle(self) -> bool:
        databases = DATABASE.get(self._app), BACK_OFFICE.get(self._app).staff_database
        return not any(database.connections_in_use for database in databases) and not await self._in_transaction()

    async def _in_transaction(self) -> bool:
        return any((row["state"] or "").startswith("idle in") for row in await self._watcher.fetch(_BACKENDS))
