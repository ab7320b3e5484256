"""Rows of each kind for the back office's tests."""

from collections.abc import Mapping

import pytest

from kit.db.database import Database
from support.admin_rows import Row, make_rows
from support.factories import Factory


@pytest.fixture
async def rows(database: Database, make: Factory) -> Mapping[str, Row]:
    """A row of each kind."""
    return await make_rows(database, make)
