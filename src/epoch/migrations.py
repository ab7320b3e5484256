"""Brings a database to the schema of this version."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence

import asyncpg
import structlog
from alembic import command
from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from epoch.migration_locks import Blocker, BlockerWatch, StoppedBy, lock_milliseconds, stopped_by
from epoch.partitions import create_missing
from kit.db.database import ADMIN_ROLE, LOOKUP_ROLE, REQUEST_ROLE, STAFF_ROLE, owner_engine
from kit.db.lock_limits import STATEMENT_MILLISECONDS
from kit.db.partitions import LocksUnavailable
from kit.product_files import PRODUCT_FILES

ROLES = (REQUEST_ROLE, LOOKUP_ROLE, ADMIN_ROLE, STAFF_ROLE)
LOCK_NAME = "epoch.migrate"
POLL_SECONDS = 0.25
ANNOUNCE_AFTER_SECONDS = 2.0
"""A start that waits longer says what it waits for, and again after each minute."""
ANNOUNCE_AGAIN_SECONDS = 60.0
ROLE_ATTEMPTS = 10
RULES_SINCE = "7be2c90f4a15"
"""The last revision that was written before the rules of docs/development.md: no time limit for its statements."""
LOCK_ATTEMPTS = 40
"""Attempts of one revision to get its locks; with the pauses they take about a minute."""
LOCK_PAUSE_SECONDS = 1.0
"""The pause after a failed attempt, in which the statements that waited behind it run."""
ANNOUNCE_EACH_ATTEMPTS = 10
NAMED_BLOCKERS = 3
log = structlog.get_logger("epoch.migrations")


class NewerDatabase(Exception):
    """The database was migrated by a newer version of the product."""


class OlderDatabase(Exception):
    """The database does not have this version's schema yet."""


class MigrationStopped(Exception):
    """A revision did not get its locks, or needed too long; it changed nothing. The message says what to do."""


def alembic_config(database_url: str) -> Config:
    """Alembic's configuration for ``database_url``."""
    config = Config(PRODUCT_FILES / "alembic.ini")
    config.attributes["url"] = database_url
    return config


def upgrade(database_url: str, say: Callable[[str], object] = log.warning) -> None:
    """Migrate to the newest schema; does nothing when it is current. Must not be called inside a running event loop.

    One process at a time migrates a database; the others wait, tell ``say`` what they wait for, and go on. A revision
    that does not get a lock gives up at once and tries again, so that workers' statements never wait long behind it.

    Raises:
        NewerDatabase: the database holds a revision that this version does not know.
        MigrationStopped: other sessions held a lock for about a minute, or a statement took too long.
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
    config, current = alembic_config(database_url), await revision_of(database_url)
    ensure_known(config, current)
    head = ScriptDirectory.from_config(config).get_current_head()
    if current != head:
        found = "has no tables yet" if current is None else f"is at revision {current}, and this version needs {head}"
        raise OlderDatabase(f"The database {found}: run `epoch migrate`, then start again.")


async def _upgrade(database_url: str, say: Callable[[str], object]) -> None:
    config = alembic_config(database_url)
    engine = owner_engine(database_url)
    try:
        async with engine.connect() as connection:
            # Of the session: it outlives the transactions of the migrations, and ends with a killed process.
            await _take_lock(connection, say)
            await create_roles(connection)
            current = await read_revision(connection)
            ensure_known(config, current)
            run = _Run(connection, config, database_url, say)
            if current is None:
                # Nobody uses the tables yet.
                await run.upgrade("head", statement_milliseconds=0)
            elif revisions := pending(config, current):
                if RULES_SINCE in (script.revision for script in revisions):
                    await run.upgrade(RULES_SINCE, statement_milliseconds=0)
                await run.upgrade("head", statement_milliseconds=STATEMENT_MILLISECONDS)
            await _make_partitions(connection, say)
    finally:
        await engine.dispose()


async def _make_partitions(connection: AsyncConnection, say: Callable[[str], object]) -> None:
    """Make the partitions of the next months. Without them rows go to default partitions until the hourly job runs."""
    await connection.execute(text("SET lock_timeout = 0"))
    await connection.execute(text("SET statement_timeout = 0"))
    await connection.commit()
    try:
        await create_missing(connection)
    except LocksUnavailable as error:
        say(f"The next months' partitions are not made yet, because {error}: the hourly job will make them.")


def pending(config: Config, current: str | None) -> list[Script]:
    """The revisions that bring a database at ``current`` to this version's schema, in their order."""
    scripts = ScriptDirectory.from_config(config)
    return list(reversed(list(scripts.iterate_revisions("head", current or "base"))))


class _Run:
    """One process's migration over its connection, which holds the lock."""

    def __init__(
        self, connection: AsyncConnection, config: Config, database_url: str, say: Callable[[str], object]
    ) -> None:
        self._connection = connection
        self._config = config
        self._database_url = database_url
        self._say = say

    async def upgrade(self, target: str, *, statement_milliseconds: int) -> None:
        """Run the revisions until ``target``; each has ``LOCK_ATTEMPTS`` attempts. Raises: MigrationStopped."""
        attempts, announce_at, attempted, blockers = 0, 1, None, list[Blocker]()
        while True:
            await self._limit(lock_milliseconds(blockers), statement_milliseconds)
            watch = BlockerWatch(self._database_url, await self._process_id())
            try:
                # Only when it is needed: the watch has a connection of its own.
                async with watch if attempts else contextlib.nullcontext():
                    await self._connection.run_sync(_upgrade_on, self._config, target)
                break
            except DBAPIError as error:
                await self._connection.rollback()
                if (cause := stopped_by(error)) is None:
                    raise
                script = pending(self._config, await read_revision(self._connection))[0]
                if cause is StoppedBy.STATEMENT_LIMIT:
                    raise MigrationStopped(_too_long(script, statement_milliseconds)) from error
                if script.revision != attempted:
                    attempts, announce_at, attempted, blockers = 0, 1, script.revision, []
                attempts, blockers = attempts + 1, watch.found or blockers
                if attempts >= LOCK_ATTEMPTS:
                    raise MigrationStopped(_blocked(script, blockers)) from error
                if blockers and attempts >= announce_at:
                    self._say(f"{_name(script)} waits for a lock that is held by {_named(blockers)}; it tries again …")
                    announce_at = attempts + ANNOUNCE_EACH_ATTEMPTS
                await asyncio.sleep(LOCK_PAUSE_SECONDS)
        await self._connection.commit()

    async def _limit(self, lock: int, statement: int) -> None:
        """Set the session's time limits, in milliseconds; 0 is none."""
        await self._connection.execute(text(f"SET lock_timeout = {lock}"))
        await self._connection.execute(text(f"SET statement_timeout = {statement}"))
        await self._connection.commit()

    async def _process_id(self) -> int:
        found = int(await self._connection.scalar(text("SELECT pg_backend_pid()")) or 0)
        await self._connection.commit()
        return found


def _upgrade_on(connection: Connection, config: Config, target: str) -> None:
    config.attributes["connection"] = connection
    command.upgrade(config, target)


def _name(script: Script) -> str:
    return f"Migration {script.revision} ({(script.doc or '').rstrip('.')})"


def _named(blockers: Sequence[Blocker]) -> str:
    if not blockers:
        return "a session that ended meanwhile"
    more = f" and {len(blockers) - NAMED_BLOCKERS} more" if len(blockers) > NAMED_BLOCKERS else ""
    return ", ".join(blocker.text for blocker in blockers[:NAMED_BLOCKERS]) + more


def _blocked(script: Script, blockers: Sequence[Blocker]) -> str:
    advice = "wait for a quieter moment"
    if blockers:
        # The first one has the oldest transaction.
        end = f"SELECT pg_terminate_backend({blockers[0].process_id})"
        advice = f"wait until that session's transaction is over, or end it ({end})"
    return (
        f"{_name(script)} got no lock in {LOCK_ATTEMPTS} attempts, because it is held by {_named(blockers)}. "
        f"It changed nothing: {advice}, then run `epoch migrate` again."
    )


def _too_long(script: Script, milliseconds: int) -> str:
    return (
        f"{_name(script)} was stopped: one of its statements took longer than {milliseconds / 1000:g} s, or somebody "
        "cancelled it. It changed nothing: run `epoch migrate` again when the database has less to do."
    )


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


async def revision_of(database_url: str) -> str | None:
    """The revision of a database; None when it was never migrated."""
    engine = owner_engine(database_url)
    try:
        async with engine.connect() as connection:
            return await read_revision(connection)
    finally:
        await engine.dispose()


async def read_revision(connection: AsyncConnection) -> str | None:
    """The revision of the connection's database; None when it was never migrated. Ends the transaction."""
    revision: str | None = None
    if await connection.scalar(text("SELECT to_regclass('alembic_version')")) is not None:
        revision = await connection.scalar(text("SELECT version_num FROM alembic_version"))
    await connection.commit()
    return revision


def ensure_known(config: Config, current: str | None) -> None:
    """Raises: NewerDatabase: ``current`` is no revision of this version."""
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if current is not None and current not in known:
        raise NewerDatabase(
            f"The database is at revision {current}, which this version does not know: "
            "run the version of Epoch Voice that migrated it, or restore a backup from before."
        )
