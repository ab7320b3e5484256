"""A database of these tests' own: the running application would take their work out of the shared one."""

from collections.abc import AsyncIterator, Callable

import pytest
import sqlalchemy as sa

from kit.db.database import ADMIN_ROLE, Database
from kit.jobs.queue import OutboxItem


@pytest.fixture(scope="module")
def own_database(new_migrated_database: Callable[[], str]) -> str:
    return new_migrated_database()


@pytest.fixture
async def jobs(own_database: str) -> AsyncIterator[Database]:
    """The database as jobs see it; their outbox is empty at first."""
    database = Database(own_database, role=ADMIN_ROLE)
    async with database.sessions() as session, session.begin():
        await session.execute(sa.delete(OutboxItem))
    yield database
    await database.stop()
