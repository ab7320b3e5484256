"""Checks that the database server takes the connections of all workers."""

from typing import Any

import msgspec

from kit.db.connector import APPLICATION_NAME
from kit.environment import SettingsError
from kit.settings import Settings

COMMAND_CONNECTIONS = 5
"""Connections beside the workers': migrations, ``epoch doctor`` and other commands."""
_LIMIT = "SELECT current_setting('max_connections')::int"
# ``reserved_connections`` is PostgreSQL 16's.
_RESERVED = """
SELECT sum(setting::int)::int FROM pg_settings
WHERE name IN ('superuser_reserved_connections', 'reserved_connections')
"""
# Other machines of the product have the same name, and a restart meets its own predecessor.
_HELD_BY_OTHERS = """
SELECT count(*)::int FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND application_name IS DISTINCT FROM $1
"""


class ConnectionsExceedLimit(SettingsError):
    """The workers may open more connections than there can be."""


class ConnectionBudget(msgspec.Struct, frozen=True, kw_only=True):
    """The connections that all workers and commands may open, and those that there can be."""

    workers: int
    per_worker: int
    limit: int
    held_by_others: int = 0
    """Connections of other programs at the moment; 0 when the limit is our own."""
    for_commands: int = COMMAND_CONNECTIONS

    @property
    def needed(self) -> int:
        return self.workers * self.per_worker + self.for_commands

    @property
    def calculation(self) -> str:
        """The sum, for people."""
        workers = "1 worker" if self.workers == 1 else f"{self.workers} workers"
        return f"{workers} x {self.per_worker} + {self.for_commands} for commands = {self.needed} connections"

    def ensure_possible(self) -> None:
        """Raises: ConnectionsExceedLimit, when the connections cannot fit even if no other program has one."""
        if self.needed > self.limit:
            raise ConnectionsExceedLimit(
                f"{self.calculation}, but the server takes {self.limit}: "
                "lower EPOCH_DATABASE_CONNECTIONS or EPOCH_WORKERS, or raise max_connections"
            )

    def ensure_free(self) -> None:
        """Raises: ConnectionsExceedLimit, when they do not fit beside the connections of other programs."""
        self.ensure_possible()
        if self.needed > self.limit - self.held_by_others:
            raise ConnectionsExceedLimit(
                f"{self.calculation}, but other programs hold {self.held_by_others} of the {self.limit} that the "
                "server takes: lower EPOCH_DATABASE_CONNECTIONS or EPOCH_WORKERS, or raise max_connections"
            )


async def read_budget(connection: Any, settings: Settings) -> ConnectionBudget:
    """The budget on the server of the asyncpg ``connection``; the server is not asked where a setting gives the limit.

    The setting is for poolers, whose limit the server does not know, and for servers that several machines share.
    """
    limit, others = settings.database_connection_limit, 0
    if limit == 0:
        limit, others = await read_free_connections(connection)
    return ConnectionBudget(
        workers=settings.workers, per_worker=settings.database_connections, limit=limit, held_by_others=others
    )


async def read_free_connections(connection: Any) -> tuple[int, int]:
    """The connections that the server takes, and those that other programs hold."""
    limit = await connection.fetchval(_LIMIT) - await connection.fetchval(_RESERVED)
    return limit, await connection.fetchval(_HELD_BY_OTHERS, APPLICATION_NAME)
