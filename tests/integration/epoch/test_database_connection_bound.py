"""A worker never opens more database connections than EPOCH_DATABASE_CONNECTIONS; load beyond it waits."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import asyncpg
import httpx
import msgspec
import pytest
from litestar import Litestar

from epoch.app import create_app
from kit.db.connections import MIN_CONNECTIONS, share_connections
from kit.db.database import ADMIN_ROLE, Database
from kit.http.app_key import DATABASE
from kit.settings import Settings
from support.asgi import asgi_transport
from support.callback_client import CallbackClient, new_sid
from support.databases import patient_database
from support.factories import Factory, Tenant, Token, sign_in
from support.widget_client import post_token

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
BOUND = MIN_CONNECTIONS
WAIT_SECONDS = 0.3
COUNT = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'epoch-voice'"


@pytest.fixture(scope="module")
def own_database(new_migrated_database: Callable[[], str]) -> str:
    return new_migrated_database()


@pytest.fixture(scope="module")
async def tenant_and_token(own_database: str, settings: Settings) -> tuple[Tenant, Token]:
    database = Database(own_database, role=ADMIN_ROLE)
    make = Factory(database, settings)
    tenant = await make.tenant()
    token = await make.token(tenant)
    await database.stop()
    return tenant, token


@pytest.fixture
async def small_app(own_database: str, settings: Settings, tenant_and_token: object) -> AsyncIterator[Litestar]:
    del tenant_and_token  # made before: its connections do not count
    own_settings = msgspec.structs.replace(settings, database_url=own_database, database_connections=BOUND)
    application = create_app(own_settings, database=patient_database(own_settings))
    async with application.lifespan():
        yield application


@pytest.fixture
async def client(small_app: Litestar, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    transport = asgi_transport(small_app)
    async with httpx.AsyncClient(transport=transport, base_url=settings.public_url, timeout=60) as browser:
        yield browser


async def test_load_on_every_path_opens_no_connection_beyond_the_bound(
    client: httpx.AsyncClient, own_database: str, settings: Settings, tenant_and_token: tuple[Tenant, Token]
) -> None:
    tenant, token = tenant_and_token
    carrier = CallbackClient(client, settings)
    await sign_in(client, tenant.owner)
    api = f"/api/organizations/{tenant.organization.id}"
    watcher = await asyncpg.connect(own_database)
    counts: list[int] = []

    async def watch() -> None:
        while True:
            counts.append(await watcher.fetchval(COUNT))
            await asyncio.sleep(0.01)

    watching = asyncio.create_task(watch())
    answers = await asyncio.gather(
        *(post_token(client, token.raw) for _ in range(25)),
        *(post_token(client, token.raw, path="/widget/status") for _ in range(25)),
        *(client.get("/api/organizations") for _ in range(15)),
        *(client.get(f"{api}/calls") for _ in range(15)),
        *(client.get(f"/dashboard/{tenant.organization.slug}/calls") for _ in range(15)),
        *(carrier.outgoing(token.id, new_sid()) for _ in range(10)),
    )
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    await watcher.close()

    statuses = Counter(answer.status_code for answer in answers)
    assert set(statuses) == {200}, statuses
    assert max(counts) <= BOUND
    assert max(counts) > 1


async def test_a_request_beyond_the_bound_waits_and_is_then_told(
    small_app: Litestar, client: httpx.AsyncClient, tenant_and_token: tuple[Tenant, Token]
) -> None:
    tenant, _ = tenant_and_token
    await sign_in(client, tenant.owner)
    loop, database = asyncio.get_running_loop(), DATABASE.get(small_app)
    pool: Any = database.engine.sync_engine.pool
    async with AsyncExitStack() as held:
        for _ in range(share_connections(BOUND).requests):
            await held.enter_async_context(database.tenant_session(None))
        later = asyncio.create_task(client.get("/api/organizations"))
        await asyncio.sleep(WAIT_SECONDS)
        pool._timeout = WAIT_SECONDS
        began = loop.time()
        refused = await client.get("/api/organizations")
        waited = loop.time() - began
        assert not later.done()
    served = await later

    assert (refused.status_code, refused.json()["detail"]) == (503, "Service temporarily unavailable")
    assert waited >= WAIT_SECONDS * 0.9
    assert served.status_code == 200
