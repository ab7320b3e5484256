"""Connections by every form of the database URL, and the role that each connection must have."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from epoch.migrations import upgrade
from kit.db.connector import Connector, RoleNotSet
from kit.db.database import REQUEST_ROLE, Database, owner_engine
from support.certificates import Authority
from support.pgbouncer import PgBouncer, running_pgbouncer
from support.ports import unused_port

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def tls_server(own_database_url: str, authority: Authority) -> Iterator[PgBouncer]:
    """PostgreSQL behind TLS, as managed databases offer it; a client may show a certificate."""
    certificate, key = authority.issue("localhost", host="localhost")
    with running_pgbouncer(
        own_database_url,
        mode="session",
        client_tls_sslmode="require",
        client_tls_key_file=key,
        client_tls_cert_file=certificate,
        client_tls_ca_file=authority.certificate,
    ) as bouncer:
        yield bouncer


@pytest.fixture
def files(tmp_path: Path, authority: Authority) -> dict[str, str]:
    """Names of PEM files: the authority's certificate, another authority's, a client's certificate and key."""
    certificate, key = authority.issue("epoch")
    texts = {"ca": authority.certificate, "other": Authority("Other").certificate, "cert": certificate, "key": key}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o600)
    return {name: str(tmp_path / name) for name in texts}


async def _role_of_each_way(url: str) -> list[str]:
    """The role that statements run as: in a session, by both raw pools, and outside all pools."""
    database = Database(url)
    await database.start()
    try:
        async with database.tenant_session(None) as session:
            connection = await session.connection()
            in_session = (await connection.exec_driver_sql("SELECT current_user")).scalar_one()
        async with database.read_pool.tenant_scope(None, None) as reader:
            in_read_pool = await reader._connection.fetchval("SELECT current_user")
        lookup = await database.lookup_pool.fetch_value("SELECT current_user")
        single = await database.connect()
        outside = await single.fetchval("SELECT current_user")
        await single.close()
    finally:
        await database.stop()
    return [in_session, in_read_pool, lookup, outside]


ROLES = ["epoch_app", "epoch_app", "epoch_lookup", "epoch_app"]


@pytest.mark.parametrize(
    "parameters",
    [
        "sslmode=require",
        "ssl=true",
        "sslmode=prefer&channel_binding=prefer",
        "sslmode=verify-ca&sslrootcert={ca}",
        "sslmode=verify-full&sslrootcert={ca}",
        "sslmode=verify-full&sslrootcert={ca}&sslcert={cert}&sslkey={key}",
        "sslmode=require&target_session_attrs=read-write&application_name=phone&connect_timeout=5",
    ],
)
async def test_each_way_in_reaches_a_server_with_tls(
    tls_server: PgBouncer, files: dict[str, str], parameters: str
) -> None:
    url = tls_server.url.replace("127.0.0.1", "localhost") + "?" + parameters.format(**files)
    assert await _role_of_each_way(url) == ROLES
    engine = owner_engine(url)
    async with engine.connect() as connection:
        assert (await connection.exec_driver_sql("SELECT current_user")).scalar_one() == "epoch"
    await engine.dispose()


async def test_migrations_take_the_same_url(tls_server: PgBouncer, files: dict[str, str]) -> None:
    url = tls_server.url.replace("127.0.0.1", "localhost")
    await asyncio.to_thread(upgrade, f"{url}?sslmode=verify-full&sslrootcert={files['ca']}")


@pytest.mark.parametrize(
    "parameters",
    [
        "sslmode=disable",
        "sslmode=verify-ca&sslrootcert={other}",
        "sslmode=verify-full&sslrootcert={other}",
        "sslrootcert=system",
    ],
)
async def test_a_server_that_the_url_does_not_trust_is_refused(
    tls_server: PgBouncer, files: dict[str, str], parameters: str
) -> None:
    connector = Connector(tls_server.url.replace("127.0.0.1", "localhost") + "?" + parameters.format(**files))
    with pytest.raises((OSError, asyncpg.PostgresError)):
        await connector.open(None, seconds=10)


async def test_verify_full_refuses_a_host_that_the_certificate_does_not_name(
    tls_server: PgBouncer, files: dict[str, str]
) -> None:
    by_address = tls_server.url + "?sslrootcert=" + files["ca"]
    connection = await Connector(by_address + "&sslmode=verify-ca").open(None, seconds=10)
    await connection.close()
    with pytest.raises(OSError, match="certificate"):
        await Connector(by_address + "&sslmode=verify-full").open(None, seconds=10)


async def test_the_next_host_serves_when_one_is_down(tls_server: PgBouncer) -> None:
    database = tls_server.database
    url = f"postgresql://epoch@127.0.0.1:{unused_port()},127.0.0.1:{tls_server.port}/{database}?sslmode=require"
    assert await _role_of_each_way(url) == ROLES
    assert await _role_of_each_way(url + "&target_session_attrs=primary") == ROLES


async def test_the_next_host_serves_when_one_is_silent(tls_server: PgBouncer) -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    url = f"postgresql://epoch@127.0.0.1:{port},127.0.0.1:{tls_server.port}/{tls_server.database}?sslmode=require"
    connector = Connector(url)
    connection = await connector.open(REQUEST_ROLE, seconds=4)
    await connection.close()
    silent.close()
    await silent.wait_closed()


async def test_the_next_host_serves_when_one_cannot_be_written_to(own_database_url: str) -> None:
    with (
        running_pgbouncer(
            own_database_url, mode="session", connect_query="SET default_transaction_read_only = on"
        ) as standby,
        running_pgbouncer(own_database_url, mode="session") as primary,
    ):
        url = f"postgresql://epoch@127.0.0.1:{standby.port},127.0.0.1:{primary.port}/{primary.database}"
        connection = await Connector(url).open(REQUEST_ROLE, seconds=10)
        assert await connection.fetchval("SHOW default_transaction_read_only") == "off"
        await connection.close()


async def test_a_socket_and_a_service_are_ways_in(
    own_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = urlsplit(own_database_url)
    server = parse_qs(parts.query)
    where = f"{parts.path}?user=epoch&host={server['host'][0]}&port={server['port'][0]}"
    assert await _role_of_each_way(f"postgres://{where}&options=-c%20search_path%3Dpublic") == ROLES
    service = f"[phone]\nhost={server['host'][0]}\nport={server['port'][0]}\nuser=epoch\ndbname={parts.path[1:]}\n"
    (tmp_path / "services").write_text(service)
    monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "services"))
    assert await _role_of_each_way("postgresql:///?service=phone") == ROLES


async def test_a_pooler_that_ignores_settings_of_the_start_gives_each_connection_its_role(
    own_database_url: str,
) -> None:
    ignored = "role,statement_timeout,idle_in_transaction_session_timeout,plan_cache_mode"
    with running_pgbouncer(own_database_url, mode="session", ignore_startup_parameters=ignored) as bouncer:
        assert await _role_of_each_way(bouncer.url) == ROLES


async def test_a_connection_whose_user_may_not_become_the_role_is_refused(own_database_url: str) -> None:
    owner = await Connector(own_database_url).open(None, seconds=10)
    await owner.execute("DROP ROLE IF EXISTS connector_test; CREATE ROLE connector_test LOGIN")
    try:
        connector = Connector(own_database_url.replace("//epoch@", "//connector_test@"))
        with pytest.raises(RoleNotSet, match="epoch migrate"):
            await connector.open(REQUEST_ROLE, seconds=10)
    finally:
        await owner.execute("DROP ROLE connector_test")
        await owner.close()


async def test_a_connection_that_the_server_has_closed_can_be_closed(database_url: str) -> None:
    connection = await Connector(database_url).open(None, seconds=10)
    # As after the server's end, before the loop has noticed it.
    connection._transport.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
    await connection.close()
    assert connection.is_closed()
