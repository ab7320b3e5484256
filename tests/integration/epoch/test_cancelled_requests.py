"""Requests that are cancelled at each of their awaits: no connection stays away from its pool, no row is half written.

A request is cancelled when its worker stops, when its time is over, and in a stream when its client leaves.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any

import httpx
import msgspec
import pytest
import sqlalchemy as sa
from litestar import Litestar
from sqlalchemy.engine import make_url

from admin.models import StaffRole
from calls.limits.models import UsageCounter, UsageScope
from calls.models import Call, CallStatus
from conftest import PUBLIC_URL
from epoch.app import create_app
from kit.audit import AuditEvent
from kit.db.connections import MIN_CONNECTIONS
from kit.db.database import ADMIN_ROLE, Database
from kit.settings import Settings
from support.call_factory import add_call
from support.callback_client import CallbackClient, new_sid
from support.cancellation import CancellingApp
from support.connections import ConnectionWatch
from support.databases import PATIENT_SECONDS
from support.factories import Factory, Tenant, Token, sign_in
from support.staff import make_staff, sign_in_to_back_office
from support.widget_client import post_token
from widget.models import EmbedToken

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
MAX_AWAITS = 200
"""A request with more awaits does not end."""
Send = Callable[[], Awaitable[httpx.Response]]


@pytest.fixture(scope="module")
async def own_app(own_settings: Settings) -> AsyncIterator[Litestar]:
    application = create_app(msgspec.structs.replace(own_settings, database_connections=MIN_CONNECTIONS))
    async with application.lifespan():
        yield application


@pytest.fixture
async def watch(own_app: Litestar, own_database_url: str) -> AsyncIterator[ConnectionWatch]:
    opened = await ConnectionWatch.open(own_app, own_database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def jobs(own_database_url: str) -> AsyncIterator[Database]:
    """As the common fixture, but under another name at the server: its connections are not the application's."""
    url = (
        make_url(own_database_url)
        .update_query_dict({"application_name": "a test"})
        .render_as_string(hide_password=False)
    )
    database = Database(url, role=ADMIN_ROLE, connect_seconds=PATIENT_SECONDS)
    yield database
    await database.stop()


@pytest.fixture
def make(jobs: Database, own_settings: Settings) -> Factory:
    return Factory(jobs, own_settings)


@pytest.fixture
def cancelling(own_app: Litestar) -> CancellingApp:
    return CancellingApp(own_app)


@pytest.fixture
async def client(cancelling: CancellingApp) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(cancelling), base_url=PUBLIC_URL) as browser:
        yield browser


@pytest.fixture
async def tenant(make: Factory) -> Tenant:
    return await make.tenant(limits={"live_calls": 1000, "calls_per_minute": 1000, "calls_per_day": 1000})


@pytest.fixture
async def token(make: Factory, tenant: Tenant) -> Token:
    return await make.token(tenant)


async def cancel_at_each_await(cancelling: CancellingApp, watch: ConnectionWatch, send: Send) -> int:
    """Send the request until it is no longer cancelled; return how often it was. The pools are full after each."""
    for step in range(1, MAX_AWAITS):
        cancelling.step = step
        [outcome] = await asyncio.gather(asyncio.ensure_future(send()), return_exceptions=True)
        await watch.wait_until_idle()
        await watch.wait_until_at_most(MIN_CONNECTIONS)
        if cancelling.waits < step:
            assert isinstance(outcome, httpx.Response), outcome
            assert outcome.status_code < 400, outcome.text
            return step - 1
    raise AssertionError("the request never completed")


async def count(database: Database, query: sa.Select[Any]) -> int:
    async with database.sessions() as session:
        return await session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0


async def test_reading_requests(
    own_app: Litestar,
    cancelling: CancellingApp,
    client: httpx.AsyncClient,
    watch: ConnectionWatch,
    jobs: Database,
    tenant: Tenant,
    token: Token,
) -> None:
    await add_call(jobs, tenant, token)
    await sign_in(client, tenant.owner)
    api, page = f"/api/organizations/{tenant.organization.id}", f"/dashboard/{tenant.organization.slug}"
    for path in (f"{api}/calls", "/api/organizations", f"{api}/calls/export.csv", page, f"{page}/calls"):
        assert await cancel_at_each_await(cancelling, watch, partial(client.get, path)) >= 2, path
    assert await cancel_at_each_await(cancelling, watch, lambda: post_token(client, token.raw)) >= 1


async def test_a_page_of_the_back_office(
    cancelling: CancellingApp, client: httpx.AsyncClient, watch: ConnectionWatch, jobs: Database
) -> None:
    await sign_in_to_back_office(client, await make_staff(jobs, StaffRole.ADMIN))
    assert await cancel_at_each_await(cancelling, watch, lambda: client.get("/admin/organization/list")) >= 5


async def test_a_change_is_stored_with_its_audit_event_or_not_at_all(
    cancelling: CancellingApp,
    client: httpx.AsyncClient,
    watch: ConnectionWatch,
    jobs: Database,
    tenant: Tenant,
) -> None:
    await sign_in(client, tenant.owner)
    path = f"/api/organizations/{tenant.organization.id}/embed-tokens"
    cancelled = await cancel_at_each_await(cancelling, watch, lambda: client.post(path, json={"label": "Site"}))

    tokens = sa.select(EmbedToken.id).where(EmbedToken.organization_id == tenant.organization.id)
    events = sa.select(AuditEvent.subject_id).where(
        AuditEvent.organization_id == tenant.organization.id, AuditEvent.action == "embed_token.created"
    )
    async with jobs.sessions() as session:
        assert set(await session.scalars(tokens)) == set(await session.scalars(events))
    assert cancelled >= 5
    assert 1 <= await count(jobs, tokens) <= cancelled


async def test_a_call_is_counted_as_often_as_it_is_stored(
    cancelling: CancellingApp,
    client: httpx.AsyncClient,
    watch: ConnectionWatch,
    jobs: Database,
    own_settings: Settings,
    tenant: Tenant,
    token: Token,
) -> None:
    carrier = CallbackClient(client, own_settings)
    cancelled = await cancel_at_each_await(cancelling, watch, lambda: carrier.outgoing(token.id, new_sid()))

    live = sa.select(Call.id).where(Call.organization_id == tenant.organization.id, Call.status == CallStatus.INITIATED)
    counted = sa.select(UsageCounter.live).where(
        UsageCounter.organization_id == tenant.organization.id, UsageCounter.scope == UsageScope.ORGANIZATION
    )
    async with jobs.sessions() as session:
        assert await session.scalar(counted) == await count(jobs, live)
    assert cancelled >= 5
