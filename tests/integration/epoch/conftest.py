"""A folder that the database server's user may enter, and an application with a database of its own."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from litestar import Litestar

from epoch.app import create_app
from kit.db.database import ADMIN_ROLE, Database
from kit.http.app_key import JOB_QUEUE
from kit.settings import Settings


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter: pytest closes its own, and under root the database server is not root."""
    folder = Path(tempfile.mkdtemp(prefix="epoch-tests-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
async def own_app(own_settings: Settings) -> AsyncIterator[Litestar]:
    """The application with the module's own database, and without jobs: their log lines are of no request."""
    application = create_app(own_settings)
    async with application.lifespan():
        await JOB_QUEUE.get(application).stop()
        yield application


@pytest.fixture
async def rows(own_database_url: str) -> AsyncIterator[Database]:
    """The module's own database, without tenant walls."""
    database = Database(own_database_url, role=ADMIN_ROLE, engine_connections=2)
    yield database
    await database.stop()
