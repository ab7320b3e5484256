"""Rows for the back office to act on."""

from collections.abc import Mapping

import pytest

from factories import Factory
from kit.db import Database
from office_rows import Row, make_rows


@pytest.fixture
async def rows(database: Database, make: Factory) -> Mapping[str, Row]:
    """A row of each kind."""
    return await make_rows(database, make)
