"""The check of the read replica at a start and in ``epoch doctor``: it is a standby of this database, or is refused."""

import asyncio
from collections.abc import Iterator
from typing import NamedTuple

import msgspec
import pytest

from epoch.cli.check_results import CheckWarned
from epoch.cli.database_checks import check_replica
from epoch.replica_check import WrongReplica, ensure_replica_fits
from kit.db.url import parse_database_url
from kit.settings import Settings
from support.ports import unused_port
from support.standby import Standby, own_server, run_as_owner, server_folder

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
DEPLOYMENT = (
    "CREATE ROLE epoch_app",
    "CREATE TABLE deployment (name text)",
    "INSERT INTO deployment VALUES ('0123456789ab')",
    "GRANT SELECT ON deployment TO epoch_app",
)
"""The part of a migrated database that the check reads."""
ANOTHER = "EPOCH_DATABASE_REPLICA_URL leads to another database"


class Servers(NamedTuple):
    settings: Settings
    """Settings with the URLs of the primary and of its standby."""
    standby: Standby


@pytest.fixture(scope="module")
def servers(settings: Settings) -> Iterator[Servers]:
    with server_folder() as folder, own_server(folder) as server:
        asyncio.run(run_as_owner(server.url, *DEPLOYMENT))
        standby = Standby(server.url, folder)
        standby.start()
        own = msgspec.structs.replace(settings, database_url=server.url, database_replica_url=standby.url)
        yield Servers(own, standby)
        standby.kill()


async def said_at_start(settings: Settings, **changed: object) -> list[str]:
    said: list[str] = []
    await ensure_replica_fits(msgspec.structs.replace(settings, **changed), said.append)
    return said


async def test_a_standby_is_accepted_and_its_connections_are_counted(servers: Servers) -> None:
    assert await said_at_start(servers.settings) == []
    assert await said_at_start(servers.settings, database_replica_url=None) == []
    told = await check_replica(servers.settings)
    assert told.startswith("a standby that follows; 1 worker x 7 + 1 for commands = 8 connections of 9")


async def test_workers_that_may_open_more_connections_than_the_standby_accepts_warn(servers: Servers) -> None:
    wanted = {"workers": 64, "database_connections": 200}
    said = await said_at_start(servers.settings, **wanted)
    assert "64 workers x 61 + 1 for commands = 3905 connections, but" in said[0]
    with pytest.raises(CheckWarned, match="raise max_connections of the standby"):
        await check_replica(msgspec.structs.replace(servers.settings, **wanted))


async def test_a_primary_and_another_database_are_refused(servers: Servers, settings: Settings) -> None:
    with pytest.raises(WrongReplica, match=r"^EPOCH_DATABASE_REPLICA_URL leads to a primary: [^\n]*$"):
        await said_at_start(servers.settings, database_replica_url=servers.settings.database_url)
    with pytest.raises(WrongReplica, match=ANOTHER):
        await said_at_start(servers.settings, database_replica_url=settings.database_url)
    with pytest.raises(WrongReplica, match=ANOTHER):
        await said_at_start(servers.settings, database_url=settings.database_url)


async def test_a_primary_where_a_standby_is_only_preferred_warns(servers: Servers) -> None:
    url = f"{servers.settings.database_url}&target_session_attrs=prefer-standby"
    said = await said_at_start(servers.settings, database_replica_url=url)
    assert said == ["Warning: EPOCH_DATABASE_REPLICA_URL finds no standby: lists and reports read the database itself"]
    with pytest.raises(CheckWarned, match="there is no standby"):
        await check_replica(msgspec.structs.replace(servers.settings, database_replica_url=url))


@pytest.mark.parametrize("attributes", ["", "&target_session_attrs=prefer-standby", "&target_session_attrs=read-only"])
async def test_of_several_hosts_a_standby_is_found(servers: Servers, attributes: str) -> None:
    assert servers.settings.database_url is not None
    hosts = [parse_database_url(url).addresses[0][0] for url in (servers.settings.database_url, servers.standby.url)]
    url = f"postgresql://epoch@/epoch?host={','.join(hosts)}&port=5432{attributes}"
    assert await said_at_start(servers.settings, database_replica_url=url) == []


async def test_a_replica_that_does_not_answer_warns_without_its_password(servers: Servers) -> None:
    url = f"postgresql://epoch:s3cret-word@127.0.0.1:{unused_port()}/epoch"
    said = await said_at_start(servers.settings, database_replica_url=url)
    assert said[0].startswith("Warning: the read replica is not used until it answers: EPOCH_DATABASE_REPLICA_URL: no")
    assert "s3cret-word" not in said[0]
    with pytest.raises(CheckWarned, match="EPOCH_DATABASE_REPLICA_URL: no database server answers"):
        await check_replica(msgspec.structs.replace(servers.settings, database_replica_url=url))


async def test_a_standby_that_is_behind_warns_and_an_idle_one_does_not(servers: Servers) -> None:
    assert servers.settings.database_url is not None
    patient = msgspec.structs.replace(servers.settings, database_replica_max_lag=-1)
    await run_as_owner(servers.settings.database_url, "CREATE TABLE older (id integer)")
    assert (await check_replica(patient)).startswith("a standby that follows")
    await servers.standby.pause()
    await run_as_owner(servers.settings.database_url, "CREATE TABLE newer (id integer)")
    with pytest.raises(CheckWarned, match="there are newer ones"):
        await check_replica(patient)
    await servers.standby.resume()


async def test_a_standby_that_became_another_deployment_is_refused(servers: Servers) -> None:
    """A staging system that began as a copy: its server has the identity of ours."""
    servers.standby.promote()
    await servers.standby.execute("UPDATE deployment SET name = 'abcdefabcdef'")
    with pytest.raises(WrongReplica, match=ANOTHER):
        await said_at_start(servers.settings)
