"""Fixtures of the HubSpot tests: an application without background jobs, and a stand-in for HubSpot."""

from collections.abc import AsyncIterator

import msgspec
import pytest
from litestar import Litestar

from epoch.app import create_app
from epoch.process_role import ProcessRole
from kit.db.database import Database
from kit.settings import Settings
from support.databases import patient_database
from support.factories import Factory
from support.hubspot_stand_in import HubSpotStandIn


@pytest.fixture(scope="module")
async def stand_in() -> AsyncIterator[HubSpotStandIn]:
    async with HubSpotStandIn().serving() as server:
        yield server


@pytest.fixture
def hubspot(stand_in: HubSpotStandIn) -> HubSpotStandIn:
    """The stand-in with an account without calls."""
    stand_in.reset()
    return stand_in


@pytest.fixture(scope="module")
def crm_settings(own_settings: Settings, stand_in: HubSpotStandIn) -> Settings:
    """Settings with the stand-in and the module's own database."""
    return msgspec.structs.replace(own_settings, hubspot_url=stand_in.url)


@pytest.fixture(scope="module")
async def app(crm_settings: Settings) -> AsyncIterator[Litestar]:
    application = create_app(crm_settings, role=ProcessRole.SERVE, database=patient_database(crm_settings))
    async with application.lifespan():
        yield application


@pytest.fixture
def make(jobs: Database, crm_settings: Settings) -> Factory:
    return Factory(jobs, crm_settings)
