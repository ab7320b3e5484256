"""Brings a database to the schema of this version."""

import asyncio
from collections.abc import Callable

import asyncpg
import structlog
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from kit.db.database import ADMIN_ROLE, LOOKUP_ROLE, REQUEST_ROLE, STAFF_ROLE, owner_engine
from kit.product_files import PRODUCT_FILES

ROLES = (REQUEST_ROLE, LOOKUP_ROLE, ADMIN_ROLE, STAFF_ROLE)
LOCK_NAME = "epoch.migrate"
POLL_SECONDS = 0.25
ANNOUNCE_AFTER_SECONDS = 2.0
"""A start that waits longer says what it waits for, and again after each minute."""
ANNOUNCE_AGAIN_SECONDS = 60.0
ROLE_ATTEMPTS = 10
log = structlog.get_logger("epoch.migrations")


class NewerDatabase(Exception):
    """The database was migrated by a newer version of the product."""


class OlderDatabase(Exception):
    """The database does not have this version's schema yet."""


def alembic_config(database_url: str) -> Config:
    """Alembic's configuration for ``database_url``."""
    config = Config(PRODUCT_FILES / "alembic.ini")
    config.attributes["url"] = database_url
    return config


def upgrade(database_url: str, say: Callable[[str], object] = log.warning) -> None:
    """Migrate to the newest schema; does nothing when it is current. Must not be called inside a running event loop.

    One process at a time migrates a database; the others wait, tell ``say`` what they wait for, and go on.

    Raises:
        NewerDatabase: the database holds a revision that this version does not know.
    """
    asyncio.run(_upgrade(database_url, say))


def ensure_current(database_url: str) -> None:
    """Compare the schema with this version's; changes nothing. Must not be called inside a running event loop.

    Raises:
        NewerDatabase: the database holds a revision that this version does not know.
        OlderDatabase: ``epoch migrate`` has to run first.
    """
    asyncio.run(_ensure_current(database_url))


async def _ensure_current(database_url: str) -> None:
    config = alembic_config(database_url)
    engine = owner_engine(database_url)
    try:
        async with engine.connect() as connection:
            current = await _current(connection)
    finally:
        await engine.dispose()
    _ensure_known(config, current)
    head = ScriptDirectory.from_config(config).get_current_head()
    if current != head:
        found = "has no tables yet" if current is None else f"is at revision {current}, and this version needs {head}"
        raise OlderDatabase(f"The database {found}: run `epoch migrate`, then start again.")


async def _upgrade(database_url: str, say: Callable[[str], object]) -> None:
    config = alembic_config(database_url)
    head = ScriptDirectory.from_config(config).get_current_head()
    engine = owner_engine(database_url)
    try:
        async with engine.connect() as connection:
            # Of the session: it outlives the transactions of the migrations, and ends with a killed process.
            await _take_lock(connection, say)
            await create_roles(connection)
            current = await _current(connection)
            _ensure_known(config, current)
            if current != head:
                await connection.run_sync(_upgrade_on, config)
            await connection.commit()
    finally:
        await engine.dispose()


def _upgrade_on(connection: Connection, config: Config) -> None:
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


async def _take_lock(connection: AsyncConnection, say: Callable[[str], object]) -> None:
    """Wait for the lock without a snapshot, which would block the indexes that its holder builds."""
    loop = asyncio.get_running_loop()
    announce_at = loop.time() + ANNOUNCE_AFTER_SECONDS
    while not await connection.scalar(text(f"SELECT pg_try_advisory_lock(hashtext('{LOCK_NAME}'))")):
        await connection.commit()
        if loop.time() >= announce_at:
            say("Waiting for another process, which migrates this database …")
            announce_at = loop.time() + ANNOUNCE_AGAIN_SECONDS
        await asyncio.sleep(POLL_SECONDS)
    await connection.commit()


async def create_roles(connection: AsyncConnection) -> None:
    """Create the roles that are missing and let the connection's user become them.

    Roles belong to the server: another database of it may be migrated now, which the lock does not see, and a restored
    database has none.
    """
    set_right = "SET" if await _version(connection) >= 160_000 else "MEMBER"
    role_exists = text("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = :role)")
    may_become = text("SELECT pg_has_role(current_user, CAST(:role AS name), :right)")
    for role in ROLES:
        for attempt in range(ROLE_ATTEMPTS):
            try:
                if not await connection.scalar(role_exists, {"role": role}):
                    await connection.execute(text(f"CREATE ROLE {role} NOLOGIN"))
                if not await connection.scalar(may_become, {"role": role, "right": set_right}):
                    await connection.execute(text(f"GRANT {role} TO CURRENT_USER"))
                await connection.commit()
                break
            except DBAPIError as error:
                await connection.rollback()
                if not _is_race(error) or attempt + 1 == ROLE_ATTEMPTS:
                    raise
                await asyncio.sleep(POLL_SECONDS)


def _is_race(error: DBAPIError) -> bool:
    """True when another session created or granted the same role at the same moment."""
    driver = error.orig.__cause__ if error.orig is not None else None
    if isinstance(driver, (asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError)):
        return True
    return isinstance(driver, asyncpg.InternalServerError) and "concurrently updated" in str(driver)


async def _version(connection: AsyncConnection) -> int:
    return int(await connection.scalar(text("SHOW server_version_num")) or 0)


async def _current(connection: AsyncConnection) -> str | None:
    if await connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
        return None
    revision: str | None = await connection.scalar(text("SELECT version_num FROM alembic_version"))
    await connection.commit()
    return revision


def _ensure_known(config: Config, current: str | None) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if current is not None and current not in known:
        raise NewerDatabase(
            f"The database is at revision {current}, which this version does not know: "
            "run the version of Epoch Voice that migrated it, or restore a backup from before."
        )
