"""An outage of the database: every endpoint answers 503 in time, and works again afterwards.

Also the number of round trips to the database that an exchange and the look-up of a session take.
"""

import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import asyncpg
import httpx
import msgspec
import pytest
from litestar import Litestar

from epoch.app import create_app
from epoch.server.embedded_postgres import EmbeddedPostgres
from kit.db.database import ADMIN_ROLE, Database
from kit.http.app_key import JOB_QUEUE
from kit.settings import Settings
from support.api_helpers import assert_refused
from support.asgi import asgi_transport
from support.callback_client import CallbackClient, new_sid
from support.database_proxy import DatabaseProxy, ProxyMode
from support.factories import Factory, Tenant, Token, sign_in
from support.passwords import PASSWORD
from support.waiting import PATIENCE_SECONDS
from support.widget_client import assert_problem, post_token

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
HANG_SECONDS = 15
"""An endpoint that has not answered after so many seconds counts as hanging."""


@pytest.fixture(scope="module")
async def proxy(own_database_url: str) -> AsyncIterator[DatabaseProxy]:
    # A socket's path may have 107 bytes: not under pytest's own directories.
    with tempfile.TemporaryDirectory(prefix="epoch-proxy-") as directory:
        relay = DatabaseProxy(own_database_url, Path(directory))
        await relay.start()
        yield relay
        await relay.stop()


@pytest.fixture(scope="module")
async def app_behind_proxy(settings: Settings, proxy: DatabaseProxy) -> AsyncIterator[Litestar]:
    application = create_app(msgspec.structs.replace(settings, database_url=proxy.url))
    async with application.lifespan():
        yield application


@pytest.fixture
async def browser(app_behind_proxy: Litestar, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    transport = asgi_transport(app_behind_proxy)
    async with httpx.AsyncClient(transport=transport, base_url=settings.public_url) as client:
        yield client


@pytest.fixture
async def tenant_and_token(own_database_url: str, settings: Settings) -> AsyncIterator[tuple[Tenant, Token]]:
    database = Database(own_database_url, role=ADMIN_ROLE)
    make = Factory(database, settings)
    tenant = await make.tenant()
    yield tenant, await make.token(tenant)
    await database.stop()


async def assert_all_unavailable(browser: httpx.AsyncClient, token: Token, callbacks: CallbackClient) -> None:
    credentials = {"email": "a@example.com", "password": PASSWORD}
    with anyio.fail_after(HANG_SECONDS):
        exchange, status, who, sign_in_again, mine, call, liveness, ready, parts = await asyncio.gather(
            post_token(browser, token.raw),
            post_token(browser, token.raw, path="/widget/status"),
            browser.get("/api/session"),
            browser.post("/api/session", json=credentials),
            browser.get("/api/organizations"),
            callbacks.outgoing(token.id, new_sid()),
            browser.get("/health/live"),
            browser.get("/health/ready"),
            browser.get("/health/dependencies"),
        )
    for answer in (exchange, status):
        assert_problem(answer, 503, "service_unavailable", "Service temporarily unavailable")
    for answer in (who, sign_in_again, mine):
        assert_refused(answer, 503, "service_unavailable")
    assert call.status_code == 200
    assert b"<Reject" in call.content
    # Every machine has the same database: a balancer that removed them all would help nobody.
    assert (liveness.status_code, ready.status_code) == (200, 200)
    assert (parts.status_code, parts.json()["failing"]) == (503, ["database"])


async def assert_all_available(browser: httpx.AsyncClient, token: Token, callbacks: CallbackClient) -> None:
    for path in ("/widget/exchange", "/widget/status"):
        answer = await post_token(browser, token.raw, path=path)
        assert answer.status_code == 200, answer.text
    assert (await browser.get("/api/session")).status_code == 200
    assert (await browser.get("/api/organizations")).status_code == 200
    assert b"<Dial " in (await callbacks.outgoing(token.id, new_sid())).content
    assert (await browser.get("/health/dependencies")).status_code == 200


async def wait_until_all_available(browser: httpx.AsyncClient, token: Token, callbacks: CallbackClient) -> None:
    """Wait until all answers are normal: on a busy machine, connecting can take longer than a request waits."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(AssertionError):
            await assert_all_available(browser, token, callbacks)
            return
    await assert_all_available(browser, token, callbacks)


@pytest.mark.parametrize("mode", [ProxyMode.REFUSE, ProxyMode.SILENT])
async def test_a_database_that_does_not_answer_is_reported_and_used_again(
    proxy: DatabaseProxy,
    browser: httpx.AsyncClient,
    tenant_and_token: tuple[Tenant, Token],
    settings: Settings,
    mode: ProxyMode,
) -> None:
    tenant, token = tenant_and_token
    callbacks = CallbackClient(browser, settings)
    await sign_in(browser, tenant.owner)
    await assert_all_available(browser, token, callbacks)
    proxy.set_mode(mode)
    try:
        await assert_all_unavailable(browser, token, callbacks)
    finally:
        proxy.set_mode(ProxyMode.RELAY)
    await wait_until_all_available(browser, token, callbacks)


async def test_a_database_that_refuses_connections_is_reported_and_used_again(
    own_database_url: str,
    postgres: EmbeddedPostgres,
    browser: httpx.AsyncClient,
    tenant_and_token: tuple[Tenant, Token],
    settings: Settings,
) -> None:
    tenant, token = tenant_and_token
    callbacks = CallbackClient(browser, settings)
    await sign_in(browser, tenant.owner)
    await assert_all_available(browser, token, callbacks)
    name = own_database_url.partition("@/")[2].partition("?")[0]
    owner = await asyncpg.connect(postgres.url)
    try:
        await owner.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        await owner.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
        await assert_all_unavailable(browser, token, callbacks)
    finally:
        await owner.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        await owner.close()
    await wait_until_all_available(browser, token, callbacks)


async def test_connections_that_died_in_an_outage_cause_no_error(
    own_database_url: str,
    postgres: EmbeddedPostgres,
    browser: httpx.AsyncClient,
    tenant_and_token: tuple[Tenant, Token],
    settings: Settings,
) -> None:
    tenant, token = tenant_and_token
    callbacks = CallbackClient(browser, settings)
    await sign_in(browser, tenant.owner)
    await assert_all_available(browser, token, callbacks)
    name = own_database_url.partition("@/")[2].partition("?")[0]
    owner = await asyncpg.connect(postgres.url)
    await owner.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
    await owner.close()
    await assert_all_available(browser, token, callbacks)


@asynccontextmanager
async def quiet_app(database_url: str, settings: Settings) -> AsyncIterator[tuple[DatabaseProxy, httpx.AsyncClient]]:
    """An application behind a proxy that counts, without its job queue, which asks the database between requests."""
    with tempfile.TemporaryDirectory(prefix="epoch-proxy-") as directory:
        proxy = DatabaseProxy(database_url, Path(directory))
        await proxy.start()
        app = create_app(msgspec.structs.replace(settings, database_url=proxy.url))
        transport = asgi_transport(app)
        async with app.lifespan():
            await JOB_QUEUE.get(app).stop()
            async with httpx.AsyncClient(transport=transport, base_url=settings.public_url) as browser:
                yield proxy, browser
        await proxy.stop()


async def test_an_exchange_costs_one_round_trip(
    own_database_url: str, settings: Settings, tenant_and_token: tuple[Tenant, Token]
) -> None:
    _, token = tenant_and_token
    async with quiet_app(own_database_url, settings) as (proxy, browser):
        found = []
        for _ in range(10):
            before = proxy.requests
            assert (await post_token(browser, token.raw)).status_code == 200
            found.append(proxy.requests - before)
    # The first one connects and prepares, and periodic work asks the database in between.
    assert min(found) == 1


async def test_a_session_is_looked_up_in_few_round_trips(
    own_database_url: str, settings: Settings, tenant_and_token: tuple[Tenant, Token]
) -> None:
    tenant, _ = tenant_and_token
    async with quiet_app(own_database_url, settings) as (proxy, browser):
        await sign_in(browser, tenant.owner)
        found = []
        for _ in range(5):
            before = proxy.requests
            assert (await browser.get(f"/api/organizations/{tenant.organization.id}")).status_code == 200
            found.append(proxy.requests - before)
    # The session; then the membership and the handler's query, in a transaction of four each. The first ones connect
    # and prepare, and periodic work asks the database in between.
    assert min(found) == 1 + 4 + 4
