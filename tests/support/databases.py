"""Creates databases for tests: empty ones, and copies of a migrated template database.

Their files are in memory where there is room, because many disks take seconds to delete the files of one database.
"""

import asyncio
import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg
import sqlalchemy as sa

from epoch.migrations import upgrade
from epoch.server.embedded_postgres import EmbeddedPostgres
from epoch.server.postgres_programs import create_owned_directory, server_account
from kit.clock import utc_now
from kit.db.connections import share_connections
from kit.db.database import Database
from kit.deployment import DATABASE_IDENTITY, DeploymentRow
from kit.settings import Settings
from support.locks import exclusive

ROOT = Path(__file__).resolve().parents[2]
SERVER_FOLDER = ROOT / ".cache" / "test-postgres"
MEMORY = Path("/dev/shm")
NEEDED_MEMORY_BYTES = 4 * 1024**3
"""Twice what the databases of all processes take in a session with all tests."""
MEMORY_TABLESPACE = "memory"
TEMPLATE_PREFIX = "template_"
PATIENT_SECONDS = 30.0
"""The time that applications under test wait for a connection: on a busy machine, many requests at once wait long."""


@contextlib.contextmanager
def shared_server() -> Iterator[EmbeddedPostgres]:
    """Use the tests' server, without durability; several processes and sessions may use it at the same time."""
    # The server refuses to recover when the folder of a tablespace is missing, as after a restart of the machine.
    _make_memory_folder()
    with EmbeddedPostgres(SERVER_FOLDER, durable=False) as server:
        yield server


class Databases:
    """Databases of one test process; ``close`` drops them."""

    def __init__(self, postgres: EmbeddedPostgres) -> None:
        """Creates the template when it is missing. Must not be called inside an event loop."""
        self._postgres = postgres
        self._names: list[str] = []
        with exclusive("template-database"):
            _drop_left_databases(postgres)
            self._tablespace = _find_or_make_tablespace(postgres)
            self._template = _find_or_make_template(postgres)

    def empty(self) -> str:
        """Create a database without tables and return its URL."""
        return self._create("template1")

    def migrated(self) -> str:
        """Create a database with the newest schema and return its URL."""
        url = self._create(self._template)
        # Otherwise the product would treat the clone as a copy of another deployment's database.
        _execute(url, str(sa.update(DeploymentRow).values(database_identity=DATABASE_IDENTITY)))
        return url

    def close(self) -> None:
        # In one session, because a hundred runs of the program dropdb take 15 s.
        _execute(self._postgres.url, *(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)' for name in self._names))

    def _create(self, template: str) -> str:
        # Test processes share the server, so names contain the process id.
        name = f"t_{os.getpid()}_{len(self._names)}"
        self._names.append(name)
        # Copied as files: the default, copying through the log, takes more than twice the processor time.
        options = f'TEMPLATE "{template}" TABLESPACE "{self._tablespace}" STRATEGY file_copy'
        _execute(self._postgres.url, f'CREATE DATABASE "{name}" {options}')
        return self._postgres.url_of(name)


def patient_database(settings: Settings) -> Database:
    """The database for ``create_app``, which waits ``PATIENT_SECONDS`` for a connection instead of answering 503."""
    assert settings.database_url is not None
    shares = share_connections(settings.database_connections)
    return Database(
        settings.database_url,
        engine_connections=shares.requests,
        guard_connections=shares.guards,
        lookup_connections=shares.lookups,
        connect_seconds=PATIENT_SECONDS,
    )


def _make_memory_folder() -> Path | None:
    """The folder in memory for databases of this checkout; None where memory has no room."""
    # Each user has a folder, because nobody may use the files of another user's server.
    folder = MEMORY / f"epoch-tests-{os.geteuid()}-{hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]}"
    if not MEMORY.is_dir():
        return None
    file_system = os.statvfs(MEMORY)
    if not folder.exists() and file_system.f_bavail * file_system.f_frsize < NEEDED_MEMORY_BYTES:
        return None
    return create_owned_directory(folder, mode=0o700, account=server_account(SERVER_FOLDER / "data"))


def _drop_left_databases(postgres: EmbeddedPostgres) -> None:
    """Drop the databases of test processes that were killed."""
    rows = _execute(postgres.url, "SELECT datname FROM pg_database WHERE datname ~ '^t_[0-9]+_[0-9]+$'")
    for name in (row["datname"] for row in rows):
        if not _runs(int(name.split("_")[1])):
            _execute(postgres.url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _find_or_make_tablespace(postgres: EmbeddedPostgres) -> str:
    """Return the name of the tablespace for the databases: in memory, or the server's default."""
    folder = _make_memory_folder()
    if folder is None:
        return "pg_default"
    rows = _execute(postgres.url, "SELECT spcname AS name, pg_tablespace_location(oid) AS folder FROM pg_tablespace")
    places = {row["name"]: row["folder"] for row in rows}
    # The folder is empty after a restart of the machine, and the server makes no database in it then.
    if MEMORY_TABLESPACE in places and (places[MEMORY_TABLESPACE] != str(folder) or not any(folder.iterdir())):
        _execute(postgres.url, f"DROP TABLESPACE {MEMORY_TABLESPACE}")
        del places[MEMORY_TABLESPACE]
    if MEMORY_TABLESPACE not in places:
        for left in folder.iterdir():
            shutil.rmtree(left)  # of a server whose own folder somebody removed
        _execute(postgres.url, f"CREATE TABLESPACE {MEMORY_TABLESPACE} LOCATION '{folder}'")
    return MEMORY_TABLESPACE


def _find_or_make_template(postgres: EmbeddedPostgres) -> str:
    """Return the name of the template database with this checkout's migrations; later runs use it again.

    A new month needs a new template, because the migrations make partitions of the months around the present one.
    """
    name = f"{TEMPLATE_PREFIX}{utc_now():%Y%m}_{_hash_of_migrations()}"
    rows = _execute(postgres.url, "SELECT datname FROM pg_database")
    templates = [row["datname"] for row in rows if row["datname"].startswith(TEMPLATE_PREFIX)]
    if name not in templates:
        for stale in templates:
            postgres.drop_database(stale)
        # Renamed when complete, so that a killed run leaves no partly migrated template under the name.
        unfinished = f"{name}_unfinished"
        upgrade(postgres.create_database(unfinished))
        _execute(postgres.url, f'ALTER DATABASE "{unfinished}" RENAME TO "{name}"')
    return name


def _hash_of_migrations() -> str:
    digest = hashlib.sha256()
    for file in [*sorted((ROOT / "alembic").rglob("*.py")), ROOT / "src" / "epoch" / "migrations.py"]:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _execute(url: str, *statements: str) -> list[Any]:
    """Execute ``statements`` in one session; the rows of all."""

    async def execute() -> list[Any]:
        connection = await asyncpg.connect(url)
        try:
            return [row for statement in statements for row in await connection.fetch(statement)]
        finally:
            await connection.close()

    with ThreadPoolExecutor(max_workers=1) as thread:  # the calling thread may run an event loop
        return thread.submit(asyncio.run, execute()).result()
