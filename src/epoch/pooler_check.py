"""Refuses database URLs that lead through a pooler in transaction mode which the settings do not declare."""

import asyncpg

from kit.db.connector import Connector
from kit.environment import SettingsError
from kit.settings import Settings

CONNECT_SECONDS = 10.0


async def ensure_pooler_is_declared(settings: Settings) -> None:
    """Refuse a pooler in transaction mode that the settings do not declare.

    Raises:
        SettingsError: connections over one of the URLs share connections to the server.
    """
    is_declared = settings.is_pooled_by_transaction
    for name, url in (
        ("EPOCH_DATABASE_URL", None if is_declared else settings.database_url),
        ("EPOCH_DATABASE_DIRECT_URL", settings.database_direct_url),
    ):
        if url is not None and await _shares_connections(url):
            raise SettingsError(
                f"{name} goes through a pooler that gives each transaction another connection: "
                + (
                    "it must reach PostgreSQL itself, or a pooler in session mode"
                    if name == "EPOCH_DATABASE_DIRECT_URL"
                    else "set EPOCH_DATABASE_POOLER=transaction, and EPOCH_DATABASE_DIRECT_URL to the server itself"
                )
            )


async def _shares_connections(url: str) -> bool:
    """True when two open connections share processes of the server, as only a pooler in transaction mode lets them."""
    connector, opened = Connector(url, by_transaction=True), list[asyncpg.Connection]()
    try:
        for _ in range(2):
            opened.append(await connector.open(None, seconds=CONNECT_SECONDS))
        pids = [[await connection.fetchval("SELECT pg_backend_pid()") for connection in opened] for _ in range(3)]
    finally:
        for connection in opened:
            await connection.close()
    first, second = zip(*pids, strict=True)
    return len(set(first)) > 1 or bool(set(first) & set(second))
