"""Fixtures of all integration tests: tenants, clients, the carrier and its callbacks, a webhook receiver, databases."""

from collections.abc import AsyncIterator, Callable

import httpx
import msgspec
import pytest
from litestar import Litestar

from carrier.twilio import TwilioCarrier
from kit.db.database import ADMIN_ROLE, Database
from kit.failures import FAILURES
from kit.http.app_key import DATABASE
from kit.settings import Settings
from support.callback_client import CallbackClient
from support.carrier_endpoint import CarrierEndpoint
from support.databases import PATIENT_SECONDS
from support.factories import Factory, Tenant, Token, sign_in
from support.webhook_receiver import WebhookReceiver


@pytest.fixture(autouse=True)
def failures_are_logged_again() -> None:
    """Let each test see its own failures in the log, which an earlier test may have caused too."""
    FAILURES.reset()


@pytest.fixture
def tenant_database(app: Litestar) -> Database:
    """The application's own database: it sees one organization at a time, as requests do."""
    return DATABASE.get(app)


@pytest.fixture
async def other_worker_database(settings: Settings) -> AsyncIterator[Database]:
    """The shared database as another worker process sees it."""
    assert settings.database_url is not None
    other = Database(settings.database_url, connect_seconds=PATIENT_SECONDS)
    await other.start()
    yield other
    await other.stop()


@pytest.fixture
async def tenant(make: Factory) -> Tenant:
    """An organization with an owner and a number."""
    return await make.tenant()


@pytest.fixture
async def token(make: Factory, tenant: Tenant) -> Token:
    """An embed token of ``tenant``."""
    return await make.token(tenant)


@pytest.fixture
async def owner(client: httpx.AsyncClient, tenant: Tenant) -> httpx.AsyncClient:
    """A client that the owner of ``tenant`` has signed in with."""
    return await sign_in(client, tenant.owner)


@pytest.fixture
def callbacks(client: httpx.AsyncClient, settings: Settings) -> CallbackClient:
    """Sends the application signed callbacks as the carrier does."""
    return CallbackClient(client, settings)


@pytest.fixture
async def carrier(make: Factory) -> AsyncIterator[TwilioCarrier]:
    """The sandbox carrier, as the product talks to it."""
    adapter = make.carrier()
    yield adapter
    await adapter.close()


@pytest.fixture
async def endpoint() -> AsyncIterator[CarrierEndpoint]:
    """A carrier's REST API whose answers the test chooses."""
    async with CarrierEndpoint().serving() as server:
        yield server


@pytest.fixture
async def receiver() -> AsyncIterator[WebhookReceiver]:
    """A customer's server that receives webhooks."""
    async with WebhookReceiver().serving() as server:
        yield server


@pytest.fixture(scope="module")
def own_database_url(new_migrated_database: Callable[[], str]) -> str:
    """A database of the module's own: no running application does its jobs or deletes its rows."""
    return new_migrated_database()


@pytest.fixture(scope="module")
def own_settings(settings: Settings, own_database_url: str) -> Settings:
    """The settings with the module's own database."""
    return msgspec.structs.replace(settings, database_url=own_database_url)


@pytest.fixture
async def jobs(own_database_url: str) -> AsyncIterator[Database]:
    """The module's own database as background jobs see it: without tenant isolation."""
    database = Database(own_database_url, role=ADMIN_ROLE, connect_seconds=PATIENT_SECONDS)
    yield database
    await database.stop()
