"""Checks that the database fits the settings and is safe, before workers use it."""

import asyncio
from collections.abc import Callable

from epoch.cli.seed import ensure_no_demo
from epoch.connection_budget import ConnectionsExceedLimit, read_budget
from epoch.pooler_check import ensure_pooler_is_declared
from epoch.tenant_walls import ensure_walls, expected_walls
from kit.db.connector import Connector
from kit.db.database import PATIENT_CONNECT_SECONDS
from kit.environment import SettingsError
from kit.settings import Settings


async def ensure_connections_fit(settings: Settings, say: Callable[[str], None]) -> None:
    """Refuse more connections than there can be; what other programs hold now only warns, since a restart must work.

    Raises: SettingsError.
    """
    if settings.owner_url is None:
        raise SettingsError("EPOCH_DATABASE_URL is not set")
    connection = await Connector(settings.owner_url).open(None, seconds=PATIENT_CONNECT_SECONDS)
    try:
        budget = await read_budget(connection, settings)
    finally:
        await connection.close()
    budget.ensure_possible()
    try:
        budget.ensure_free()
    except ConnectionsExceedLimit as error:
        say(f"Warning: {error}")


async def ensure_safe(settings: Settings, *, is_embedded: bool) -> None:
    """Refuse a pooler that nobody declared, missing tenant walls in production, and the demo with real calls.

    Raises: SettingsError.
    """
    if not is_embedded:
        await ensure_pooler_is_declared(settings)
    if settings.is_production:
        await ensure_walls(settings, await asyncio.to_thread(expected_walls))
    if not settings.is_sandbox:
        await ensure_no_demo(settings)
