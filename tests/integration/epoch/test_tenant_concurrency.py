"""Simultaneous requests of one organization are limited, so that they take no connection from other organizations."""

import asyncio
from collections.abc import AsyncIterator, Hashable, Iterator
from contextlib import AsyncExitStack
from typing import Any, cast

import asyncpg
import httpx
import pytest
from litestar import Litestar

from calls.event_recorder import MAX_CONCURRENT_EVENTS
from conftest import NewClient
from epoch.app import create_app
from kit.clock import utc_now
from kit.db.database import Database
from kit.http.tenant_concurrency import MAX_REQUESTS, TENANT_CONCURRENCY, TenantConcurrency, Work
from kit.settings import Settings
from support.api_helpers import assert_refused
from support.callback_client import CallbackClient, new_sid
from support.factories import Factory, Tenant, sign_in
from support.waiting import wait_until
from support.widget_client import browser_at

pytestmark = pytest.mark.anyio
WRITES = 12
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@pytest.fixture
def impatient(app: Litestar) -> Iterator[TenantConcurrency]:
    """The application's slots, for which nobody waits long."""
    before = TENANT_CONCURRENCY.get(app)
    TENANT_CONCURRENCY.set(app, TenantConcurrency(wait_seconds=0.01))
    yield TENANT_CONCURRENCY.get(app)
    TENANT_CONCURRENCY.set(app, before)


@pytest.fixture
async def watcher(settings: Settings) -> AsyncIterator[asyncpg.Connection]:
    assert settings.database_url is not None
    connection = await asyncpg.connect(settings.database_url)
    yield connection
    await connection.close()


async def take_all(slots: TenantConcurrency, key: Hashable, work: Work, stack: AsyncExitStack) -> None:
    for _ in range(1 if work is Work.EXPORT else MAX_REQUESTS):
        await stack.enter_async_context(slots.slots_for(work).slot((key, work)))


def api(tenant: Tenant) -> str:
    return f"/api/organizations/{tenant.organization.id}"


async def until_waiting(watcher: asyncpg.Connection, statements: int) -> None:
    """Wait until that many statements wait for a lock."""

    async def holds() -> bool:
        return int(await watcher.fetchval(WAITING)) >= statements

    await wait_until(holds)


async def test_writes_that_wait_for_a_row_leave_connections_to_others(
    new_client: NewClient, make: Factory, watcher: asyncpg.Connection
) -> None:
    locked, other = await make.tenant(), await make.tenant()
    token = await make.token(locked)
    writer, neighbour = new_client(), new_client()
    await sign_in(writer, locked.owner)
    await sign_in(neighbour, other.owner)
    path = f"{api(locked)}/embed-tokens/{token.id}"
    async with watcher.transaction():
        await watcher.execute("SELECT FROM embed_token WHERE id = $1 FOR UPDATE", token.id)
        writes = [asyncio.create_task(writer.patch(path, json={"label": f"write {n}"})) for n in range(WRITES)]
        await until_waiting(watcher, MAX_REQUESTS)
        # More of them would wait by now, if they might.
        assert (await neighbour.patch(api(other), json={"name": "Served meanwhile"})).status_code == 200
        assert await watcher.fetchval(WAITING) == MAX_REQUESTS
    assert {answer.status_code for answer in await asyncio.gather(*writes)} == {200}


async def test_an_organization_with_too_many_requests_is_told_so(
    client: httpx.AsyncClient, make: Factory, impatient: TenantConcurrency
) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)
    async with AsyncExitStack() as stack:
        await take_all(impatient, tenant.organization.id, Work.DATABASE, stack)
        await take_all(impatient, tenant.organization.slug, Work.DATABASE, stack)
        refused = await client.get(f"{api(tenant)}/calls")
        page = await client.get(f"/dashboard/{tenant.organization.slug}")
        # It waits for the carrier, not for the database.
        assert (await client.get(f"{api(tenant)}/phone-numbers")).status_code == 200
        assert (await client.get("/api/organizations")).status_code == 200
    assert_refused(refused, 429, "too_many_requests")
    assert refused.headers["retry-after"] == "2"
    assert page.status_code == 429
    assert page.headers["retry-after"] == "2"
    assert "Too many requests of this organization are in progress" in page.text
    assert (await client.get(f"{api(tenant)}/calls")).status_code == 200


@pytest.mark.parametrize("path", ["calls/export.csv", "audit/export.csv"])
async def test_an_organization_gets_one_export_at_a_time(
    client: httpx.AsyncClient, make: Factory, app: Litestar, path: str
) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)
    async with AsyncExitStack() as stack:
        await take_all(TENANT_CONCURRENCY.get(app), tenant.organization.id, Work.EXPORT, stack)
        assert_refused(await client.get(f"{api(tenant)}/{path}"), 429, "export_in_progress")
        assert (await client.get(f"{api(tenant)}/calls")).status_code == 200
    # One after the other is no problem.
    assert [(await client.get(f"{api(tenant)}/{path}")).status_code for _ in range(2)] == [200, 200]


@pytest.mark.parametrize("path", ["calls/export.csv", "audit/export.csv"])
async def test_the_next_export_may_begin_with_the_last_part_of_the_one_before(
    client: httpx.AsyncClient, make: Factory, app: Litestar, path: str
) -> None:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)
    next_statuses: list[int] = []

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        async def ask_again_and_send(message: Any) -> None:
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                next_statuses.append((await client.get(f"{api(tenant)}/{path}")).status_code)
            await send(message)

        await app(scope, receive, ask_again_and_send)

    async with browser_at(cast("Litestar", answer), "203.0.113.9", str(client.base_url)) as other:
        other.cookies = client.cookies
        assert (await other.get(f"{api(tenant)}/{path}")).status_code == 200
    assert next_statuses == [200]


async def test_a_row_that_stays_locked_ends_the_wait_and_not_the_connection(
    settings: Settings, make: Factory, watcher: asyncpg.Connection
) -> None:
    tenant = await make.tenant()
    token = await make.token(tenant)
    assert settings.database_url is not None
    hurried = create_app(settings, database=Database(settings.database_url, connect_seconds=1.0))
    async with hurried.lifespan(), browser_at(hurried, "127.0.0.1", settings.public_url) as client:
        await sign_in(client, tenant.owner)
        path = f"{api(tenant)}/embed-tokens/{token.id}"
        async with watcher.transaction():
            await watcher.execute("SELECT FROM embed_token WHERE id = $1 FOR UPDATE", token.id)
            assert_refused(await client.patch(path, json={"label": "waits"}), 503, "service_unavailable")
        assert (await client.patch(path, json={"label": "does not"})).status_code == 200


async def test_events_of_a_call_whose_row_is_locked_leave_connections_to_others(
    client: httpx.AsyncClient, make: Factory, settings: Settings, watcher: asyncpg.Connection
) -> None:
    callbacks = CallbackClient(client, settings)
    sids = []
    for _ in range(2):
        token = await make.token(await make.tenant())
        sids.append(new_sid())
        assert b"<Dial " in (await callbacks.outgoing(token.id, sids[-1])).content
    async with watcher.transaction():
        await watcher.execute("SELECT FROM call WHERE carrier_sid = $1 FOR UPDATE", sids[0])
        child = new_sid()
        events = [
            asyncio.create_task(callbacks.event(sids[0], "ringing", utc_now(), child=child, sequence=n))
            for n in range(WRITES)
        ]
        await until_waiting(watcher, MAX_CONCURRENT_EVENTS)
        assert (await callbacks.event(sids[1], "ringing", utc_now(), child=new_sid())).status_code == 204
        assert await watcher.fetchval(WAITING) == MAX_CONCURRENT_EVENTS
    assert {answer.status_code for answer in await asyncio.gather(*events)} == {204}
