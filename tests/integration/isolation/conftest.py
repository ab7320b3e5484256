"""Two organizations with something of everything: the one that is looked at, and the one that looks."""

import pytest

from factories import Factory
from furnished import Furnished, furnish
from kit.db import Database
from kit.settings import Settings


@pytest.fixture(scope="module")
async def victim(database: Database, settings: Settings) -> Furnished:
    return await furnish(database, Factory(database, settings))


@pytest.fixture(scope="module")
async def stranger(database: Database, settings: Settings) -> Furnished:
    return await furnish(database, Factory(database, settings))
