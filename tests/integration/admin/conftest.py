"""Fixture of the back office's tests: a stored row of each kind that its pages show."""

from collections.abc import Mapping

import pytest

from kit.db.database import Database
from support.admin_rows import Row, make_rows
from support.factories import Factory


@pytest.fixture
async def rows(database: Database, make: Factory) -> Mapping[str, Row]:
    """A row of each kind."""
    return await make_rows(database, make)
