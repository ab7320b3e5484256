"""Fixtures: a folder open to every user, an application with its own database, a database of an ordinary owner."""

import asyncio
import contextlib
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
from litestar import Litestar

from epoch.app import create_app
from kit.db.database import ADMIN_ROLE, Database
from kit.http.app_key import JOB_QUEUE
from kit.settings import Settings


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter: pytest's are private, and the database server of root has another user."""
    folder = Path(tempfile.mkdtemp(prefix="epoch-tests-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
async def own_app(own_settings: Settings) -> AsyncIterator[Litestar]:
    """The application with the module's own database, without jobs, whose log lines belong to no request."""
    application = create_app(own_settings)
    async with application.lifespan():
        await JOB_QUEUE.get(application).stop()
        yield application


@pytest.fixture
async def rows(own_database_url: str) -> AsyncIterator[Database]:
    """The module's own database, without tenant isolation."""
    database = Database(own_database_url, role=ADMIN_ROLE, engine_connections=2)
    yield database
    await database.stop()


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture
def url_of_plain_owner(new_database: Callable[[], str]) -> Iterator[str]:
    """An empty database whose owner is no superuser, as on a managed server."""
    url = new_database()

    def execute(statement: str) -> None:
        asyncio.run(_execute(url, statement))

    owner, password = f"owner_{secrets.token_hex(4)}", secrets.token_hex(8)
    address = urlsplit(url)
    name = address.path.strip("/")
    execute(f"CREATE ROLE {owner} LOGIN CREATEROLE PASSWORD '{password}'")
    for role in ("epoch_app", "epoch_lookup", "epoch_admin", "epoch_staff"):
        # Roles belong to the server: the migration of another database may have made them.
        with contextlib.suppress(asyncpg.DuplicateObjectError):
            execute(f"CREATE ROLE {role} NOLOGIN")
        execute(f"GRANT {role} TO {owner} WITH ADMIN OPTION")
    execute(f'ALTER DATABASE "{name}" OWNER TO {owner}')
    execute(f"ALTER SCHEMA public OWNER TO {owner}")
    host = address.netloc.rpartition("@")[2]
    yield address._replace(netloc=f"{owner}:{password}@{host}").geturl()
    execute(f"REASSIGN OWNED BY {owner} TO CURRENT_USER")
    execute(f"DROP OWNED BY {owner}")
    execute(f"DROP ROLE {owner}")
