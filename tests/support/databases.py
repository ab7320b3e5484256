"""Creates databases for tests: empty ones, and migrated ones as copies of a template that is migrated once."""

import asyncio
import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg
import sqlalchemy as sa

from epoch.migrations import upgrade
from epoch.server.embedded_postgres import EmbeddedPostgres
from kit.db.connections import share_connections
from kit.db.database import Database
from kit.deployment import DATABASE_IDENTITY, DeploymentRow
from kit.settings import Settings
from support.locks import exclusive

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE_PREFIX = "template_"
PATIENT_SECONDS = 30.0
"""The time that applications under test wait for a connection: on a busy machine, many requests at once wait long."""


class Databases:
    """Databases of one test process; ``close`` drops them."""

    def __init__(self, postgres: EmbeddedPostgres) -> None:
        """Creates the template when it is missing. Must not be called inside an event loop."""
        self._postgres = postgres
        self._names: list[str] = []
        self._template = _find_or_make_template(postgres)

    def empty(self) -> str:
        """Create a database without tables and return its URL."""
        return self._create(None)

    def migrated(self) -> str:
        """Create a database with the newest schema and return its URL."""
        return self._create(self._template)

    def close(self) -> None:
        # In one session, because a hundred runs of the program dropdb take 15 s.
        _execute(self._postgres.url, *(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)' for name in self._names))

    def _create(self, template: str | None) -> str:
        # Test processes share the server, so names contain the process id.
        self._names.append(f"t_{os.getpid()}_{len(self._names)}")
        url = self._postgres.create_database(self._names[-1], template)
        if template is not None:
            # Otherwise the product would treat the clone as a copy of another deployment's database.
            _execute(url, str(sa.update(DeploymentRow).values(database_identity=DATABASE_IDENTITY)))
        return url


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


def _find_or_make_template(postgres: EmbeddedPostgres) -> str:
    """Return the name of the template database with this checkout's migrations; later runs use it again."""
    name = TEMPLATE_PREFIX + _hash_of_migrations()
    with exclusive("template-database"):
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
