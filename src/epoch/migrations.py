"""Migrates a database to this version's schema; creates the database roles and the next months' partitions."""

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

from epoch.migration_locks import Blocker, BlockerWatch, TimeLimit, exceeded_limit, lock_milliseconds
from epoch.partitions import create_missing
from kit.db.database import ADMIN_ROLE, LOOKUP_ROLE, REQUEST_ROLE, STAFF_ROLE, owner_engine
from kit.db.lock_limits import STATEMENT_MILLISECONDS
from kit.db.partitions import LocksUnavailable
from kit.product_files import PRODUCT_FILES

ROLES = (REQUEST_ROLE, LOOKUP_ROLE, ADMIN_ROLE, STAFF_ROLE)
LOCK_NAME = "epoch.migrate"
POLL_SECONDS = 0.25
ANNOUNCE_AFTER_SECONDS = 2.0
"""A process that waits longer for another one's migration says so, and again after each minute."""
ANNOUNCE_AGAIN_SECONDS = 60.0
ROLE_ATTEMPTS = 10
LAST_UNLINTED_REVISION = "7be2c90f4a15"
"""The last revision from before the rules of docs/development.md. Revisions until this one have no time limit."""
LOCK_ATTEMPTS = 40
"""Attempts of one revision to get its locks; with the pauses they take about a minute."""
LOCK_PAUSE_SECONDS = 1.0
"""The pause after a failed attempt: the workers' statements that waited behind the migration run in it."""
ANNOUNCE_EACH_ATTEMPTS = 10
MAX_NAMED_BLOCKERS = 3
log = structlog.get_logger("epoch.migrations")


class NewerDatabase(Exception):
    """The database was migrated by a newer version of the product."""


class OlderDatabase(Exception):
    """The database does not have this version's schema yet."""


class MigrationStopped(Exception):
    """A revision did not get its locks, or took too long; it changed nothing. The message says what to do."""


def alembic_config(database_url: str) -> Config:
    """Alembic's configuration for ``database_url``."""
    config = Config(PRODUCT_FILES / "alembic.ini")
    config.attributes["url"] = database_url
    return config


def upgrade(database_url: str, say: Callable[[str], object] = log.warning) -> None:
    """Migrate to the newest schema; do nothing when it is current. Must not be called inside a running event loop.

    One process at a time migrates a database; other processes wait, and ``say`` gets a text about the wait. A revision
    that does not get a lock gives up soon and tries again, so that workers' statements never wait long behind it.

    Raises:
        NewerDatabase: the database holds a revision that this version does not know.
        MigrationStopped: other sessions held a lock for about a minute, or a statement took too long.
    """
    asyncio.run(_upgrade(database_url, say))


def ensure_current(database_url: str) -> None:
    """Compare the schema with this version's; change nothing. Must not be called inside a running event loop.

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
            # The session holds the lock: it lasts over the transactions of the migrations, and ends with the process.
            await _take_lock(connection, say)
            await create_roles(connection)
            current = await read_revision(connection)
            ensure_known(config, current)
            migration = _Migration(connection, config, database_url, say)
            if current is None:
                # No worker uses the tables yet.
                await migration.upgrade("head", statement_milliseconds=0)
            elif revisions := pending(config, current):
                if LAST_UNLINTED_REVISION in (script.revision for script in revisions):
                    await migration.upgrade(LAST_UNLINTED_REVISION, statement_milliseconds=0)
                await migration.upgrade("head", statement_milliseconds=STATEMENT_MILLISECONDS)
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
    """The revisions that migrate a database at ``current`` to this version's schema, in their order."""
    scripts = ScriptDirectory.from_config(config)
    return list(reversed(list(scripts.iterate_revisions("head", current or "base"))))


class _Migration:
    """The migration over one connection, which holds the lock ``LOCK_NAME``."""

    def __init__(
        self, connection: AsyncConnection, config: Config, database_url: str, say: Callable[[str], object]
    ) -> None:
        self._connection = connection
        self._config = config
        self._database_url = database_url
        self._say = say

    async def upgrade(self, target: str, *, statement_milliseconds: int) -> None:
        """Run the revisions until ``target``; each has ``LOCK_ATTEMPTS`` attempts. Raises: MigrationStopped."""
        attempts, announced_attempt, attempted, blockers = 0, 1, None, list[Blocker]()
        while True:
            await self._set_time_limits(lock_milliseconds(blockers), statement_milliseconds)
            watch = BlockerWatch(self._database_url, await self._process_id())
            try:
                # Not at the first attempt: the watch opens another connection.
                async with watch if attempts else contextlib.nullcontext():
                    await self._connection.run_sync(_upgrade_on, self._config, target)
                break
            except DBAPIError as error:
                await self._connection.rollback()
                if (limit := exceeded_limit(error)) is None:
                    raise
                script = pending(self._config, await read_revision(self._connection))[0]
                if limit is TimeLimit.STATEMENT:
                    raise MigrationStopped(_describe_slow_revision(script, statement_milliseconds)) from error
                if script.revision != attempted:
                    attempts, announced_attempt, attempted, blockers = 0, 1, script.revision, []
                attempts, blockers = attempts + 1, watch.blockers or blockers
                if attempts >= LOCK_ATTEMPTS:
                    raise MigrationStopped(_describe_blocked_revision(script, blockers)) from error
                if blockers and attempts >= announced_attempt:
                    revision, holders = _describe_revision(script), _describe_blockers(blockers)
                    self._say(f"{revision} waits for a lock that is held by {holders}; it tries again …")
                    announced_attempt = attempts + ANNOUNCE_EACH_ATTEMPTS
                await asyncio.sleep(LOCK_PAUSE_SECONDS)
        await self._connection.commit()

    async def _set_time_limits(self, lock_milliseconds: int, statement_milliseconds: int) -> None:
        """Set the session's time limits; 0 is no limit."""
        await self._connection.execute(text(f"SET lock_timeout = {lock_milliseconds}"))
        await self._connection.execute(text(f"SET statement_timeout = {statement_milliseconds}"))
        await self._connection.commit()

    async def _process_id(self) -> int:
        """The id of the server's process for the connection."""
        process_id = int(await self._connection.scalar(text("SELECT pg_backend_pid()")) or 0)
        await self._connection.commit()
        return process_id


def _upgrade_on(connection: Connection, config: Config, target: str) -> None:
    config.attributes["connection"] = connection
    command.upgrade(config, target)


def _describe_revision(script: Script) -> str:
    return f"Migration {script.revision} ({(script.doc or '').rstrip('.')})"


def _describe_blockers(blockers: Sequence[Blocker]) -> str:
    if not blockers:
        return "a session that ended meanwhile"
    more = f" and {len(blockers) - MAX_NAMED_BLOCKERS} more" if len(blockers) > MAX_NAMED_BLOCKERS else ""
    return ", ".join(blocker.text for blocker in blockers[:MAX_NAMED_BLOCKERS]) + more


def _describe_blocked_revision(script: Script, blockers: Sequence[Blocker]) -> str:
    advice = "wait for a quieter moment"
    if blockers:
        # The first one has the oldest transaction.
        end = f"SELECT pg_terminate_backend({blockers[0].process_id})"
        advice = f"wait until that session's transaction is over, or end it ({end})"
    return (
        f"{_describe_revision(script)} got no lock in {LOCK_ATTEMPTS} attempts, because it is held by "
        f"{_describe_blockers(blockers)}. It changed nothing: {advice}, then run `epoch migrate` again."
    )


def _describe_slow_revision(script: Script, milliseconds: int) -> str:
    return (
        f"{_describe_revision(script)} was stopped: one of its statements took longer than {milliseconds / 1000:g} s, "
        "or somebody cancelled it. It changed nothing: run `epoch migrate` again when the database has less to do."
    )


async def _take_lock(connection: AsyncConnection, say: Callable[[str], object]) -> None:
    """Wait for the lock without an open snapshot, which would block ``CREATE INDEX CONCURRENTLY`` of its holder."""
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

    Roles belong to the server, not to a database: a database that was restored on another server has none, and the
    migration of another database on the same server may create them at the same moment.
    """
    privilege = "SET" if await _server_version(connection) >= 160_000 else "MEMBER"
    role_exists = text("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = :role)")
    may_become = text("SELECT pg_has_role(current_user, CAST(:role AS name), :privilege)")
    for role in ROLES:
        for attempt in range(ROLE_ATTEMPTS):
            try:
                if not await connection.scalar(role_exists, {"role": role}):
                    await connection.execute(text(f"CREATE ROLE {role} NOLOGIN"))
                if not await connection.scalar(may_become, {"role": role, "privilege": privilege}):
                    await connection.execute(text(f"GRANT {role} TO CURRENT_USER"))
                await connection.commit()
                break
            except DBAPIError as error:
                await connection.rollback()
                if not _is_concurrent_change(error) or attempt + 1 == ROLE_ATTEMPTS:
                    raise
                await asyncio.sleep(POLL_SECONDS)


def _is_concurrent_change(error: DBAPIError) -> bool:
    """True when another session created or granted the same role at the same moment."""
    driver_error = error.orig.__cause__ if error.orig is not None else None
    if isinstance(driver_error, (asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError)):
        return True
    return isinstance(driver_error, asyncpg.InternalServerError) and "concurrently updated" in str(driver_error)


async def _server_version(connection: AsyncConnection) -> int:
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
