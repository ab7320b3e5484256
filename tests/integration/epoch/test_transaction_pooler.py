"""The product through PgBouncer in transaction mode, where each transaction may get another server connection."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import httpx
import msgspec
import pytest
from litestar import Litestar

from epoch.app import create_app
from kit.db.connector import Connector
from kit.db.database import ADMIN_ROLE, STAFF_ROLE, Database
from kit.settings import Settings
from support.asgi import asgi_transport
from support.callback_client import CallbackClient, new_sid
from support.factories import Factory, sign_in
from support.mailbox import Mailbox
from support.pgbouncer import PgBouncer, running_pgbouncer
from support.widget_client import post_token

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@pytest.fixture(scope="module")
def bouncer(own_database_url: str) -> Iterator[PgBouncer]:
    """PgBouncer with two server connections, which all clients share, given out in turn."""
    with running_pgbouncer(
        own_database_url, mode="transaction", default_pool_size="2", server_round_robin="1"
    ) as running:
        yield running


@pytest.fixture
async def pooled(bouncer: PgBouncer) -> AsyncIterator[Database]:
    database = Database(Connector(bouncer.url, by_transaction=True))
    await database.start()
    yield database
    await database.stop()


@pytest.fixture
async def pooled_app(own_settings: Settings, bouncer: PgBouncer) -> AsyncIterator[Litestar]:
    settings = msgspec.structs.replace(
        own_settings,
        database_url=bouncer.url,
        database_pooler="transaction",
        database_direct_url=own_settings.database_url,
    )
    application = create_app(settings)
    async with application.lifespan():
        yield application


async def _role_and_server(database: Database) -> tuple[str, int]:
    async with database.tenant_session(None) as session:
        connection = await session.connection()
        rows = (await connection.exec_driver_sql("SELECT current_user AS role, pg_backend_pid() AS server")).mappings()
        row = rows.one()
    return str(row["role"]), int(row["server"])


async def test_every_way_in_keeps_its_role_while_all_share_two_connections(pooled: Database) -> None:
    admin = pooled.for_role(ADMIN_ROLE, engine_connections=3)
    staff = pooled.for_role(STAFF_ROLE, engine_connections=3)
    expected = {"epoch_app": pooled, "epoch_admin": admin, "epoch_staff": staff}
    try:
        for _ in range(5):
            asked = [(role, _role_and_server(database)) for role, database in expected.items() for _ in range(2)]
            found = await asyncio.gather(
                *(answer for _, answer in asked),
                *(pooled.lookup_pool.fetch_row("SELECT current_user, pg_backend_pid()") for _ in range(4)),
            )
            assert [row[0] for row in found] == [role for role, _ in asked] + ["epoch_lookup"] * 4
        servers = Counter(row[1] for row in found)
        assert len(servers) == 2
        async with pooled.read_pool.tenant_scope(None, None) as reader:
            assert await reader._connection.fetchval("SELECT current_user") == "epoch_app"
    finally:
        await admin.stop()
        await staff.stop()


async def test_nothing_of_a_transaction_stays_on_the_servers_connection(pooled: Database, bouncer: PgBouncer) -> None:
    await asyncio.gather(*(_role_and_server(pooled) for _ in range(4)), pooled.lookup_pool.fetch_value("SELECT true"))
    plain = await Connector(bouncer.url, by_transaction=True).open(None, seconds=10)
    for _ in range(4):
        row = await plain.fetchrow(
            "SELECT current_user, current_setting('statement_timeout'), (SELECT count(*) FROM pg_prepared_statements),"
            " nullif(current_setting('app.organization', true), '')"
        )
        assert tuple(row) == ("epoch", "0", 0, None)
    await plain.close()


async def test_statements_have_the_time_limits_of_direct_connections(pooled: Database) -> None:
    assert await pooled.lookup_pool.fetch_value("SHOW statement_timeout") == "5s"
    async with pooled.tenant_session(None) as session:
        connection = await session.connection()
        timeout = await connection.exec_driver_sql("SHOW idle_in_transaction_session_timeout")
        assert timeout.scalar_one() == "15s"


async def test_a_wrong_statement_leaves_the_connection_usable(pooled: Database) -> None:
    for _ in range(6):
        with pytest.raises(Exception, match="does not exist"):
            await pooled.lookup_pool.fetch_value("SELECT * FROM no_table")
        assert await pooled.lookup_pool.fetch_value("SELECT current_user") == "epoch_lookup"


async def test_pages_the_exchange_a_call_and_a_job_work(
    pooled_app: Litestar, own_settings: Settings, jobs: Database
) -> None:
    make = Factory(jobs, own_settings)
    tenant = await make.tenant()
    token = await make.token(tenant)
    transport = asgi_transport(pooled_app)
    async with httpx.AsyncClient(transport=transport, base_url=own_settings.public_url) as client:
        answers = await asyncio.gather(*(post_token(client, token.raw) for _ in range(20)))
        assert {answer.status_code for answer in answers} == {200}
        callbacks = CallbackClient(client, own_settings)
        call = await callbacks.outgoing(token.id, new_sid())
        assert b"<Dial" in call.content
        assert (await client.get("/health/ready")).status_code == 200
        await sign_in(client, tenant.owner)
        organization = tenant.organization
        calls = await client.get(f"/api/organizations/{organization.id}/calls")
        assert len(calls.json()["items"]) == 1
        assert (await client.get(f"/dashboard/{organization.slug}")).status_code == 200
        address = f"{uuid4().hex}@example.com"
        invited = await client.post(f"/api/organizations/{organization.id}/invitations", json={"email": address})
        assert invited.status_code == 201
        await Mailbox(own_settings, address).all()
