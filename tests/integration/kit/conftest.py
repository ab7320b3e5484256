"""Fixture of the kit's tests: a database with an empty job queue."""

import pytest

from kit.db.database import Database
from support.jobs import forget_jobs


@pytest.fixture
async def jobs(jobs: Database) -> Database:
    """The queue is empty at first."""
    await forget_jobs(jobs)
    return jobs
