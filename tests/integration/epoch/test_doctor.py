"""``epoch doctor`` on database connections, poolers, proxies, metrics, the public URL and the mail server."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import nullcontext
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import msgspec
import pytest

from epoch.cli.check_results import CheckResult, CheckState
from epoch.cli.doctor import run_checks
from epoch.connection_budget import ConnectionBudget, ConnectionsExceedLimit, read_budget
from kit.settings import Settings
from support.epoch_command import run_epoch
from support.ports import unused_port
from support.production import PRODUCTION

pytestmark = pytest.mark.anyio


async def _findings(settings: Settings, **changed: object) -> dict[str, CheckResult]:
    return {finding.part: finding for finding in await run_checks(msgspec.structs.replace(settings, **changed))}


async def _finding(part: str, settings: Settings, **changed: object) -> CheckResult:
    return (await _findings(settings, **changed))[part]


async def _connections(settings: Settings, **changed: int) -> CheckResult:
    return await _finding("connections", settings, **changed)


@contextlib.asynccontextmanager
async def answering(headers: str) -> AsyncIterator[str]:
    """The address of a server that answers every request with 200 and ``headers``."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 200 OK\r\n{headers}Content-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


async def test_workers_whose_connections_the_server_accepts_pass(settings: Settings) -> None:
    finding = await _connections(settings, workers=2, database_connections=20)
    assert finding.ok
    assert finding.detail.startswith("2 workers x 20 + 5 for commands = 45 connections of ")


async def test_workers_that_may_open_more_connections_than_the_server_accepts_fail(settings: Settings) -> None:
    finding = await _connections(settings, workers=64, database_connections=20)
    assert not finding.ok
    assert "= 1285 connections, but the server accepts" in finding.detail
    assert "EPOCH_DATABASE_CONNECTIONS" in finding.detail


async def test_a_limit_in_the_settings_replaces_that_of_the_server(settings: Settings) -> None:
    fits = await _connections(settings, workers=2, database_connections=20, database_connection_limit=45)
    exceeds = await _connections(settings, workers=2, database_connections=20, database_connection_limit=44)
    assert (fits.ok, fits.detail) == (True, "2 workers x 20 + 5 for commands = 45 connections of 45")
    assert not exceeds.ok


async def test_connections_of_other_programs_count(settings: Settings) -> None:
    assert settings.database_url is not None
    others = [await asyncpg.connect(settings.database_url) for _ in range(2)]
    try:
        budget = await read_budget(others[0], settings)
    finally:
        for connection in others:
            await connection.close()
    assert budget.held_by_others >= 1
    assert budget.limit < 1000


@pytest.mark.parametrize(("held", "fits"), [(52, True), (53, False)])
def test_connections_that_other_programs_hold_are_not_free(held: int, fits: bool) -> None:
    budget = ConnectionBudget(workers=2, per_worker=20, limit=97, held_by_others=held)
    budget.ensure_possible()
    with nullcontext() if fits else pytest.raises(ConnectionsExceedLimit, match=f"other programs hold {held} of"):
        budget.ensure_free()


@pytest.mark.slow
def test_a_start_that_cannot_fit_is_refused_in_one_sentence(settings: Settings, tmp_path: Path) -> None:
    assert settings.database_url is not None
    environ = {
        **os.environ,
        "EPOCH_DATABASE_URL": settings.database_url,
        "EPOCH_DATA_DIR": str(tmp_path),
        "EPOCH_PORT": str(unused_port()),
        "EPOCH_WORKERS": "2",
        "EPOCH_DATABASE_CONNECTION_LIMIT": "44",
    }
    ended = run_epoch(environ, "run")
    assert ended.returncode == 2
    assert ended.stderr == (
        "epoch: 2 workers x 20 + 5 for commands = 45 connections, but the server accepts 44: "
        "lower EPOCH_DATABASE_CONNECTIONS or EPOCH_WORKERS, or raise max_connections\n"
    )


@pytest.mark.slow
@pytest.mark.parametrize("command", [["deployment"], ["migrate"], ["calls", "resume"], ["doctor"]])
def test_a_database_that_does_not_answer_is_named_with_its_setting(command: list[str], tmp_path: Path) -> None:
    port = unused_port()
    environ = {
        **os.environ,
        "EPOCH_DATABASE_URL": f"postgresql://epoch:s3cret-word@127.0.0.1:{port}/epoch",
        "EPOCH_DATA_DIR": str(tmp_path),
    }
    ended = run_epoch(environ, *command)
    printed = ended.stdout + ended.stderr
    advice = f"EPOCH_DATABASE_URL: no database server answers at 127.0.0.1:{port}; start it or correct the address"
    assert (ended.returncode, advice in printed) == (1, True), printed
    assert "s3cret-word" not in printed
    assert "Errno" not in printed


async def test_a_proxy_that_no_setting_names_is_a_finding(settings: Settings) -> None:
    """A proxy names itself in the header ``Server``; the product does not send that header."""
    async with answering("Server: nginx/1.24.0\r\n") as url:
        found = await _finding("proxies", settings, public_url=url)
        assert not found.ok
        assert "(nginx/1.24.0)" in found.detail
        assert "EPOCH_TRUSTED_PROXIES" in found.detail
        assert (await _finding("proxies", settings, public_url=url, trusted_proxies=("10.0.0.1",))).ok
    async with answering("") as url:
        assert (await _finding("proxies", settings, public_url=url)).ok


async def test_the_check_of_metrics_says_who_reads_them(settings: Settings) -> None:
    async with answering("") as url:
        assert (await _finding("metrics", settings, public_url=url)).detail == "for this machine"
        nobody = await _finding("metrics", settings, public_url=url, env="production")
        assert nobody.detail == "for nobody: set EPOCH_METRICS_TOKEN to read them"
        bearers = await _finding("metrics", settings, public_url=url, metrics_token="m" * 32)
        assert bearers.detail == "for bearers of EPOCH_METRICS_TOKEN"


async def test_a_public_url_that_does_not_answer_is_named_once_with_what_to_check(settings: Settings) -> None:
    url = f"http://127.0.0.1:{unused_port()}"
    found = await _findings(settings, public_url=url)
    assert not found["public URL"].ok
    assert found["public URL"].detail.startswith(f"{url} does not answer (it refuses connections): ")
    assert "EPOCH_PUBLIC_URL" in found["public URL"].detail
    for part in ("proxies", "metrics"):
        assert (found[part].state, found[part].detail) == (CheckState.WARN, f"not checked: {url} does not answer")


async def test_a_dead_database_is_named_once(settings: Settings) -> None:
    url = f"postgresql://epoch@127.0.0.1:{unused_port()}/epoch"
    found = await _findings(settings, database_url=url, database_replica_url=url)
    assert not found["database"].ok
    left_out = {part for part, one in found.items() if one.detail == "not checked: the database does not answer"}
    assert left_out == {
        *("connections", "tenant isolation", "partitions", "pooler", "replica", "deployment", "secret key"),
        *("database clock", "carrier"),
    }
    assert {found[part].state for part in left_out} == {CheckState.WARN}
    assert sum("no database server answers" in one.detail for one in found.values()) == 1


async def test_a_database_that_is_empty_or_not_there_is_named_once(
    settings: Settings, new_database: Callable[[], str]
) -> None:
    url = new_database()
    found = await _findings(settings, database_url=url)
    assert found["database"].detail == "it has no schema yet: run `epoch migrate`"
    assert found["deployment"].detail == "not checked: the database has no schema"
    parts = urlsplit(url)
    found = await _findings(settings, database_url=parts._replace(path="/nowhere").geturl())
    assert not found["database"].ok
    assert found["deployment"].detail == "not checked: the database cannot be used"


async def test_a_dead_pooler_is_reported_although_the_other_checks_do_not_use_it(settings: Settings) -> None:
    port = unused_port()
    pooled = {"database_pooler": "transaction", "database_direct_url": settings.database_url}
    found = await _findings(settings, database_url=f"postgresql://epoch@127.0.0.1:{port}/epoch", **pooled)
    assert found["database"].ok
    assert found["pooler"].state is CheckState.FAIL
    assert found["pooler"].detail.startswith(f"EPOCH_DATABASE_URL: no database server answers at 127.0.0.1:{port}")


async def test_a_database_that_only_the_direct_url_reaches_is_named_by_that_setting(settings: Settings) -> None:
    dead = f"postgresql://epoch@127.0.0.1:{unused_port()}/epoch"
    found = await _finding("database", settings, database_pooler="transaction", database_direct_url=dead)
    assert found.detail.startswith("EPOCH_DATABASE_DIRECT_URL: no database server answers")


async def test_a_check_has_one_state(settings: Settings) -> None:
    found = await _findings(settings)
    assert [one.line for one in found.values() if one.state is CheckState.OK and "warning" in one.detail] == []
    assert {found[part].state for part in ("contact", "legal texts")} == {CheckState.WARN}


@pytest.mark.parametrize(
    ("replies", "said"),
    [
        ((b"250 mail.example.com\r\n",), "127.0.0.1 offers no STARTTLS"),
        ((b"421 too busy\r\n",), "the mail server refuses (421): too busy"),
    ],
)
async def test_a_mail_server_that_refuses_does_not_end_the_other_checks(
    settings: Settings, replies: tuple[bytes, ...], said: str
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example.com\r\n")
        for reply in replies:
            await reader.readline()
            writer.write(reply)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        found = await _findings(settings, env="production", smtp_url=url)
    assert not found["mail"].ok
    assert found["mail"].detail.startswith(said)
    assert "disk" in found


async def test_a_mail_server_that_does_not_answer_is_described(settings: Settings) -> None:
    found = await _finding("mail", settings, smtp_url=f"smtp://127.0.0.1:{unused_port()}")
    assert found.detail == "EPOCH_SMTP_URL: the mail server cannot be used: it refuses connections"


_LOGS_AFTERWARDS = """
import structlog
from epoch.cli.main import program
program()
structlog.get_logger().warning("told_by_a_part")
"""


@pytest.mark.slow
def test_what_a_command_logs_is_json_in_production_and_no_part_of_its_result(tmp_path: Path) -> None:
    own = {
        "EPOCH_PUBLIC_URL": "https://voice.example.com",
        "EPOCH_TRUSTED_PROXIES": "none",
        "EPOCH_DATABASE_URL": f"postgresql://epoch@127.0.0.1:{unused_port()}/epoch",
        "EPOCH_DATA_DIR": str(tmp_path),
    }
    argv = [sys.executable, "-c", _LOGS_AFTERWARDS, "deployment"]
    environ = {**os.environ, **PRODUCTION, **own}
    ended = subprocess.run(argv, env=environ, capture_output=True, text=True, check=False, timeout=60)
    assert ended.stdout == ""
    assert json.loads(ended.stderr.splitlines()[-1])["event"] == "told_by_a_part"
