"""Two organizations with a row in every table: the victim and the stranger."""

import pytest

from kit.db.database import Database
from kit.settings import Settings
from support.factories import Factory
from support.full_tenant import Furnished, furnish


@pytest.fixture(scope="module")
async def victim(database: Database, settings: Settings) -> Furnished:
    return await furnish(database, Factory(database, settings))


@pytest.fixture(scope="module")
async def stranger(database: Database, settings: Settings) -> Furnished:
    return await furnish(database, Factory(database, settings))
