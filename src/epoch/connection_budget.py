"""Compares the connections that all workers may open with those that the database server accepts."""

from typing import Any, NamedTuple

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
# The product's own connections have the application name $1. They do not count: they are those of other machines, or
# a restart replaces them.
_HELD_BY_OTHERS = """
SELECT count(*)::int FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND application_name IS DISTINCT FROM $1
"""


class ConnectionsExceedLimit(SettingsError):
    """The workers may open more connections than the server accepts."""


class ServerConnections(NamedTuple):
    """The connections of a database server."""

    limit: int
    """Connections that the server accepts, without those reserved for superusers."""
    held_by_others: int
    """Connections of programs that are not the product's."""


class ConnectionBudget(msgspec.Struct, frozen=True, kw_only=True):
    """The connections that all workers and commands may open, and those that the server accepts."""

    workers: int
    per_worker: int
    limit: int
    held_by_others: int = 0
    """Connections of other programs at the moment; 0 when a setting gives the limit."""
    for_commands: int = COMMAND_CONNECTIONS

    @property
    def needed(self) -> int:
        return self.workers * self.per_worker + self.for_commands

    @property
    def calculation(self) -> str:
        """The calculation as text, such as ``2 workers x 20 + 5 for commands = 45 connections``."""
        workers = "1 worker" if self.workers == 1 else f"{self.workers} workers"
        return f"{workers} x {self.per_worker} + {self.for_commands} for commands = {self.needed} connections"

    def ensure_possible(self) -> None:
        """Raises: ConnectionsExceedLimit, when the server does not accept them even without other programs."""
        if self.needed > self.limit:
            raise ConnectionsExceedLimit(
                f"{self.calculation}, but the server accepts {self.limit}: "
                "lower EPOCH_DATABASE_CONNECTIONS or EPOCH_WORKERS, or raise max_connections"
            )

    def ensure_free(self) -> None:
        """Raises: ConnectionsExceedLimit, when the server does not accept them beside those of other programs."""
        self.ensure_possible()
        if self.needed > self.limit - self.held_by_others:
            raise ConnectionsExceedLimit(
                f"{self.calculation}, but other programs hold {self.held_by_others} of the {self.limit} that the "
                "server accepts: lower EPOCH_DATABASE_CONNECTIONS or EPOCH_WORKERS, or raise max_connections"
            )


async def read_budget(connection: Any, settings: Settings) -> ConnectionBudget:
    """The budget on the server of the asyncpg ``connection``.

    EPOCH_DATABASE_CONNECTION_LIMIT replaces the server's limit: for poolers, whose limit the server does not know, and
    for servers that several machines share.
    """
    found = ServerConnections(settings.database_connection_limit, held_by_others=0)
    if found.limit == 0:
        found = await read_server_connections(connection)
    return ConnectionBudget(
        workers=settings.workers,
        per_worker=settings.database_connections,
        limit=found.limit,
        held_by_others=found.held_by_others,
    )


async def read_server_connections(connection: Any) -> ServerConnections:
    """Ask the server of the asyncpg ``connection``."""
    limit = await connection.fetchval(_LIMIT) - await connection.fetchval(_RESERVED)
    return ServerConnections(limit, await connection.fetchval(_HELD_BY_OTHERS, APPLICATION_NAME))
