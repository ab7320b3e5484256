"""Refuses, before workers start, a database that does not fit the settings or that is not safe to use."""

import asyncio
from collections.abc import Callable

from epoch.cli.seed import ensure_no_demo
from epoch.connection_budget import ConnectionsExceedLimit, read_budget
from epoch.pooler_check import ensure_pooler_is_declared
from epoch.tenant_isolation import ensure_isolation, expected_isolation
from kit.db.connector import Connector
from kit.db.database import ADMIN_ROLE, PATIENT_CONNECT_SECONDS, Database
from kit.db.outage import READ_ONLY_ADVICE
from kit.deployment import DeploymentService
from kit.environment import SettingsError
from kit.settings import Settings


async def ensure_connections_fit(settings: Settings, say: Callable[[str], None]) -> None:
    """Refuse settings with more connections than the server accepts.

    ``say`` gets a warning when other programs hold too many of them now, because a restart must still work; and when
    the database is read-only, because pages and exchanges work, and a failover may be in progress.

    Raises: SettingsError.
    """
    if settings.owner_url is None:
        raise SettingsError("EPOCH_DATABASE_URL is not set")
    connection = await Connector(settings.owner_url).open(None, seconds=PATIENT_CONNECT_SECONDS)
    try:
        budget = await read_budget(connection, settings)
        if await connection.fetchval("SELECT current_setting('transaction_read_only')::boolean"):
            say(f"Warning: {READ_ONLY_ADVICE}")
    finally:
        await connection.close()
    budget.ensure_possible()
    try:
        budget.ensure_free()
    except ConnectionsExceedLimit as error:
        say(f"Warning: {error}")


async def ensure_safe(settings: Settings, *, is_embedded: bool) -> None:
    """Refuse an undeclared pooler; in production, missing tenant isolation; with a real carrier, a demo or a copy.

    Raises: SettingsError.
    """
    if not is_embedded:
        await ensure_pooler_is_declared(settings)
    if settings.is_production:
        await ensure_isolation(settings, await asyncio.to_thread(expected_isolation))
    if not settings.is_sandbox:
        await ensure_no_demo(settings)
        await ensure_own_installation(settings)


async def ensure_own_installation(settings: Settings) -> None:
    """Refuse a copy of another installation's database: the numbers at the carrier belong to that installation.

    Raises: SettingsError.
    """
    if settings.owner_url is None:
        return
    database = Database(settings.owner_url, role=ADMIN_ROLE, installation_url=settings.public_url)
    try:
        async with database.sessions() as session, session.begin():
            deployment = DeploymentService(session)
            await deployment.store_installation_url()
            recorded_url = (await deployment.read()).public_url
    finally:
        await database.stop()
    if recorded_url not in {None, settings.public_url}:
        raise SettingsError(
            f"this database belongs to the installation at {recorded_url}, but EPOCH_PUBLIC_URL is"
            f" {settings.public_url}. If this is a copy of a database that is still used, run"
            " `epoch deployment --copied`; if the URL changed, run `epoch deployment --moved`. Then start again"
        )
