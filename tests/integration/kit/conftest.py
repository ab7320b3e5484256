"""A database with an empty outbox."""

import pytest
import sqlalchemy as sa

from kit.db.database import Database
from kit.jobs.queue import OutboxItem


@pytest.fixture
async def jobs(jobs: Database) -> Database:
    """The outbox is empty at first."""
    async with jobs.sessions() as session, session.begin():
        await session.execute(sa.delete(OutboxItem))
    return jobs
