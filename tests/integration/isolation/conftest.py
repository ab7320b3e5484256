"""Fixtures of the isolation tests: two organizations with a row in every table, the victim and the stranger."""

import pytest

from kit.db.database import Database
from kit.settings import Settings
from support.factories import Factory
from support.full_tenant import FullTenant, make_full_tenant


@pytest.fixture(scope="module")
async def victim(database: Database, settings: Settings) -> FullTenant:
    return await make_full_tenant(database, Factory(database, settings))


@pytest.fixture(scope="module")
async def stranger(database: Database, settings: Settings) -> FullTenant:
    return await make_full_tenant(database, Factory(database, settings))
