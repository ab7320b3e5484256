"""Lists, reports and exports read a standby, or the primary when it is late or fails; the age of the data is shown."""

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import asyncpg
import httpx
import msgspec
import pytest
import sqlalchemy as sa
from litestar import Litestar
from sqlalchemy.exc import DBAPIError

from epoch.app import create_app
from epoch.migrations import upgrade
from kit.actor import SYSTEM
from kit.db.connections import DEFAULT_CONNECTIONS, share_replica_connections
from kit.db.database import ADMIN_ROLE, REQUEST_ROLE, Database
from kit.db.reading_session import ReadingSession, ReadingSessionFactory
from kit.db.replica import ReadReplica, ReplicaState
from kit.http.app_key import READ_REPLICA, READING_SESSIONS
from kit.http.data_age import AS_OF_HEADER, COOKIE
from kit.settings import Settings
from support.api_helpers import cookies_set
from support.asgi import asgi_transport
from support.call_factory import add_call
from support.database_proxy import DatabaseProxy, ProxyMode
from support.factories import Factory, Tenant, Token, sign_in
from support.metrics import Growth
from support.standby import Standby, own_server, run_as_owner, server_folder
from support.waiting import wait_until
from tenants.api_keys.services import ApiKeyService
from tenants.models import KeyScope

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
LONG_SECONDS = 3600


class Servers(NamedTuple):
    primary: str
    standby: Standby


class Product(NamedTuple):
    """An application whose replica is reached through a proxy."""

    app: Litestar
    replica: ReadReplica
    proxy: DatabaseProxy
    database: Database
    tenant: Tenant
    token: Token

    @property
    def api(self) -> str:
        return f"/api/organizations/{self.tenant.organization.id}"

    @property
    def reading(self) -> ReadingSessionFactory:
        return READING_SESSIONS.get(self.app)

    async def add_call(self) -> str:
        return str(await add_call(self.database, self.tenant, self.token))

    async def follow(self) -> None:
        """Wait until the replica is in use and has replayed everything."""

        async def shows_everything() -> bool:
            await self.replica.measure()
            return self.replica.is_in_use and self.replica._replayed_sample is self.replica._samples[-1]

        await wait_until(shows_everything)


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    with server_folder() as folder, own_server(folder) as server:
        upgrade(server.url)
        standby = Standby(server.url, folder)
        standby.start()
        yield Servers(server.url, standby)
        standby.kill()


@pytest.fixture(scope="module")
async def product(servers: Servers, settings: Settings) -> AsyncIterator[Product]:
    with tempfile.TemporaryDirectory(prefix="epoch-proxy-") as folder:
        proxy = DatabaseProxy(servers.standby.url, Path(folder))
        await proxy.start()
        own = msgspec.structs.replace(
            settings,
            database_url=servers.primary,
            database_replica_url=proxy.url,
            database_replica_max_lag=LONG_SECONDS,
        )
        database = Database(servers.primary, role=ADMIN_ROLE)
        make = Factory(database, own)
        tenant = await make.tenant()
        token = await make.token(tenant)
        app = create_app(own)
        async with app.lifespan():
            replica = READ_REPLICA.get(app)
            assert replica is not None
            yield Product(app, replica, proxy, database, tenant, token)
        await database.stop()
        await proxy.stop()


@pytest.fixture
async def following(product: Product, servers: Servers) -> AsyncIterator[Product]:
    """The product with a replica that has everything, also for the next test."""
    await product.follow()
    yield product
    product.replica.max_lag_seconds = LONG_SECONDS
    product.proxy.set_mode(ProxyMode.RELAY)
    await servers.standby.resume()
    await product.follow()


@pytest.fixture
async def stale(following: Product, servers: Servers) -> AsyncIterator[Product]:
    """The product with a replica that shows nothing new."""
    await servers.standby.pause()
    yield following
    await servers.standby.resume()


@pytest.fixture
async def browser(product: Product, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """The owner, signed in and without a recent change."""
    transport = asgi_transport(product.app)
    async with httpx.AsyncClient(transport=transport, base_url=settings.public_url, timeout=60) as client:
        await sign_in(client, product.tenant.owner)
        client.cookies.delete(COOKIE)
        yield client


async def shown_ids(client: httpx.AsyncClient, product: Product, **headers: str) -> tuple[list[str], bool]:
    """The ids of the calls in the list, and whether the answer says that it is of an earlier time."""
    answer = await client.get(f"{product.api}/calls", headers=headers)
    assert answer.status_code == 200, answer.text
    return [call["id"] for call in answer.json()["items"]], AS_OF_HEADER in answer.headers


async def test_lists_reports_and_exports_show_what_the_replica_has(stale: Product, browser: httpx.AsyncClient) -> None:
    pages = f"/dashboard/{stale.tenant.organization.slug}"
    paths = [f"{stale.api}/calls", f"{stale.api}/calls/export.csv", f"{stale.api}/usage", f"{stale.api}/audit"]
    paths += [f"{stale.api}/audit/export.csv", f"{pages}/calls", f"{pages}/usage", f"{pages}/audit", pages]
    before = [await browser.get(path) for path in paths]
    call_id = await stale.add_call()
    await Factory(stale.database, stale.app.state["settings"]).token(stale.tenant)
    after = [await browser.get(path) for path in paths]
    for path, was, answer in zip(paths, before, after, strict=True):
        assert (answer.status_code, AS_OF_HEADER in answer.headers) == (200, True), path
        if "/api/" in path:
            assert answer.text == was.text, path
        assert call_id not in answer.text, path
    assert (await browser.get(f"{stale.api}/calls/{call_id}")).status_code == 200
    fresh = [await browser.get(path, headers={"Cache-Control": "max-age=0"}) for path in paths]
    for path, was, answer in zip(paths, before, fresh, strict=True):
        assert (answer.status_code, AS_OF_HEADER in answer.headers) == (200, False), path
        assert answer.text != was.text, path


async def test_a_person_sees_a_change_of_their_own_at_once(stale: Product, browser: httpx.AsyncClient) -> None:
    ids, is_older = await shown_ids(browser, stale)
    assert is_older
    call_id = await stale.add_call()
    assert await shown_ids(browser, stale) == (ids, True)
    changed = await browser.patch(f"{stale.api}/calls/{call_id}", json={"note": "Called back"})
    assert changed.status_code == 200
    cookie = cookies_set(changed)[COOKIE]
    assert (cookie["max-age"], cookie["samesite"]) == (str(LONG_SECONDS), "Lax")
    now, is_older = await shown_ids(browser, stale)
    assert (call_id in now, is_older) == (True, False)
    forged = f"{browser.cookies[COOKIE].partition('.')[0]}.{'0' * 64}"
    browser.cookies.delete(COOKIE)
    browser.cookies.set(COOKIE, forged)
    assert await shown_ids(browser, stale) == (ids, True)


async def test_pages_tell_the_time_of_older_data(stale: Product, browser: httpx.AsyncClient) -> None:
    pages = f"/dashboard/{stale.tenant.organization.slug}"
    await stale.add_call()

    async def tells() -> bool:
        return "Calls as of <time" in (await browser.get(f"{pages}/calls")).text

    assert not await tells()
    await wait_until(tells)
    for path, what in ((f"{pages}/usage", "Figures"), (pages, "Figures"), (f"{pages}/audit", "Entries")):
        assert f"{what} as of <time" in (await browser.get(path)).text
        assert " as of <time" not in (await browser.get(path, headers={"Cache-Control": "no-cache"})).text


async def test_health_and_metrics_tell_the_state(following: Product, browser: httpx.AsyncClient) -> None:
    def lines(text: str) -> list[str]:
        return [line for line in text.splitlines() if line.startswith("epoch_database_replica_") and "{" not in line]

    told = lines((await browser.get("/metrics")).text)
    assert told[0] == "epoch_database_replica_in_use 1.0"
    assert told[1].startswith("epoch_database_replica_lag_seconds 0.")
    well = (await browser.get("/health/dependencies")).json()
    following.proxy.set_mode(ProxyMode.REFUSE)
    await following.replica.measure()
    assert lines((await browser.get("/metrics")).text) == ["epoch_database_replica_in_use 0.0"]
    degraded = await browser.get("/health/dependencies")
    assert (degraded.status_code, degraded.json()["status"]) == (200, "ok")
    warned = set(degraded.json()["warnings"]) - set(well["warnings"])
    (line,) = warned
    # A machine that is busy may learn of the end of the connection too late.
    assert re.match(r"replica: (the connection to it broke|it does not answer), so lists and reports read", line)


async def test_a_replica_that_was_not_asked_yet_is_no_warning(product: Product) -> None:
    settings: Settings = product.app.state["settings"]
    unstarted = create_app(settings)
    async with httpx.AsyncClient(transport=asgi_transport(unstarted), base_url=settings.public_url) as asking:
        told = (await asking.get("/health/dependencies")).json()
    assert [line for line in told["warnings"] if line.startswith("replica")] == []


async def test_a_refused_change_does_not_make_later_reads_use_the_primary(
    following: Product, browser: httpx.AsyncClient
) -> None:
    refused = await browser.patch(f"{following.api}/calls/{UUID(int=1)}", json={"note": "Nobody's"})
    assert (refused.status_code, COOKIE in cookies_set(refused)) == (404, False)


async def test_a_program_reads_older_data_only_when_it_says_so(stale: Product, settings: Settings) -> None:
    async with stale.database.sessions() as session, session.begin():
        made = await ApiKeyService(session).issue(
            stale.tenant.organization.id, label="CRM", scope=KeyScope.WRITE, by=SYSTEM
        )
    call_id = await stale.add_call()
    bearer = {"Authorization": f"Bearer {made[1]}"}
    transport = asgi_transport(stale.app)
    async with httpx.AsyncClient(transport=transport, base_url=settings.public_url, headers=bearer) as program:
        ids, is_older = await shown_ids(program, stale)
        assert (call_id in ids, is_older) == (True, False)
        ids, is_older = await shown_ids(program, stale, **{"Cache-Control": "max-age=600"})
        assert (call_id in ids, is_older) == (False, True)


async def test_a_replica_that_is_behind_is_left_until_it_has_caught_up(
    stale: Product, servers: Servers, browser: httpx.AsyncClient
) -> None:
    behind = Growth("epoch_database_replica_changes_total", state="behind")
    back = Growth("epoch_database_replica_changes_total", state="in_use")
    call_id = await stale.add_call()
    stale.replica.max_lag_seconds = 0.001
    await stale.replica.measure()
    assert stale.replica.state is ReplicaState.BEHIND
    for _ in range(3):
        ids, is_older = await shown_ids(browser, stale)
        assert (call_id in ids, is_older) == (True, False)
    stale.replica.max_lag_seconds = LONG_SECONDS
    await servers.standby.resume()
    await stale.follow()
    ids, is_older = await shown_ids(browser, stale)
    assert (call_id in ids, is_older) == (True, True)
    assert (behind.amount, back.amount) == (1, 1)


async def test_a_delayed_standby_is_behind_by_its_delay(following: Product, servers: Servers) -> None:
    await servers.standby.delay("1h")
    replica = following.replica

    async def is_late() -> bool:
        await following.add_call()
        await replica.measure()
        return replica._replayed_sample is not replica._samples[-1]

    await wait_until(is_late)
    shown = replica._replayed_sample
    await following.add_call()
    await replica.measure()
    assert replica._replayed_sample is shown
    assert replica.is_in_use
    await servers.standby.delay("0")
    await following.follow()


@pytest.mark.parametrize("mode", [ProxyMode.SILENT, ProxyMode.REFUSE])
async def test_a_replica_that_cannot_be_reached_costs_no_error(
    following: Product, browser: httpx.AsyncClient, mode: ProxyMode
) -> None:
    lost = Growth("epoch_database_replica_changes_total", state="unreachable")
    assert (await shown_ids(browser, following))[1]
    following.proxy.set_mode(mode)
    for _ in range(3):
        assert not (await shown_ids(browser, following))[1]
    await following.replica.measure()
    assert (following.replica.state, lost.amount) == (ReplicaState.UNREACHABLE, 1)
    exported = await browser.get(f"{following.api}/calls/export.csv")
    assert (exported.status_code, AS_OF_HEADER in exported.headers) == (200, False)


async def test_a_replica_that_is_killed_costs_no_error(
    following: Product, servers: Servers, browser: httpx.AsyncClient
) -> None:
    organization_id = following.tenant.organization.id
    async with following.reading.new_session(organization_id) as session:
        assert await on_standby(session)
        servers.standby.kill()
        assert not await on_standby(session)
    assert not (await shown_ids(browser, following))[1]
    servers.standby.start()
    await following.follow()
    assert (await shown_ids(browser, following))[1]


async def test_a_statement_that_the_replicas_schema_lacks_reads_the_primary(stale: Product, servers: Servers) -> None:
    await run_as_owner(servers.primary, "ALTER TABLE call ADD COLUMN newer integer")
    async with stale.reading.new_session(stale.tenant.organization.id) as session:
        assert await on_standby(session)
        assert (await session.execute(sa.text("SELECT count(newer) FROM call"))).one() == (0,)
    assert stale.replica.state is ReplicaState.BEHIND
    await stale.replica.measure()
    assert stale.replica.state is ReplicaState.BEHIND
    await servers.standby.resume()
    await stale.follow()


async def test_an_idle_primary_does_not_make_a_replica_look_late(following: Product, servers: Servers) -> None:
    """After a switch of the WAL file, the primary's position is at a page without records, which no standby replays."""
    await run_as_owner(servers.primary, "CHECKPOINT", "SELECT pg_switch_wal()")
    await following.follow()


async def test_a_tenant_sees_its_own_rows_and_nobody_writes(following: Product) -> None:
    make = Factory(following.database, following.app.state["settings"])
    other = await make.tenant()
    await following.add_call()
    await add_call(following.database, other, await make.token(other))
    await following.follow()
    for reading in (following.reading, following.reading.with_max_age(0)):
        async with reading.new_session(following.tenant.organization.id) as session:
            found = await session.execute(sa.text("SELECT DISTINCT organization_id FROM call"))
            assert found.all() == [(following.tenant.organization.id,)]
            assert (await session.scalar(sa.text("SELECT current_user"))) == REQUEST_ROLE
        async with reading.new_session(UUID(int=1)) as session:
            assert await session.scalar(sa.text("SELECT count(*) FROM call")) == 0
        for statement in ("UPDATE call SET note = 'x'", "SELECT set_config('transaction_read_only', 'off', true)"):
            with pytest.raises(DBAPIError):
                async with reading.new_session(following.tenant.organization.id) as session:
                    await session.execute(sa.text(statement))


async def test_the_replica_gets_no_more_connections_than_announced(
    following: Product, servers: Servers, browser: httpx.AsyncClient
) -> None:
    paths = [f"{following.api}/calls", f"/dashboard/{following.tenant.organization.slug}/calls"] * 15
    answers = await asyncio.gather(*(browser.get(path) for path in paths))
    assert {answer.status_code for answer in answers} == {200}
    watcher = await asyncpg.connect(servers.standby.url)
    count = await watcher.fetchval("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'epoch-voice'")
    await watcher.close()
    assert 1 < count <= share_replica_connections(DEFAULT_CONNECTIONS).total


async def on_standby(session: ReadingSession) -> bool:
    return bool(await session.scalar(sa.text("SELECT pg_is_in_recovery()")))
