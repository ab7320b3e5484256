"""``epoch doctor`` on the connections that all workers may open, on proxies and on metrics."""

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import nullcontext
from pathlib import Path

import asyncpg
import msgspec
import pytest

from epoch.cli.check_results import CheckResult
from epoch.cli.doctor import run_checks
from epoch.connection_budget import ConnectionBudget, ConnectionsExceedLimit, read_budget
from kit.settings import Settings
from support.ports import unused_port

pytestmark = pytest.mark.anyio


async def _finding(part: str, settings: Settings, **changed: object) -> CheckResult:
    findings = await run_checks(msgspec.structs.replace(settings, **changed))
    return next(finding for finding in findings if finding.part == part)


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


async def test_workers_whose_connections_the_server_takes_are_well(settings: Settings) -> None:
    finding = await _connections(settings, workers=2, database_connections=20)
    assert finding.ok
    assert finding.detail.startswith("2 workers x 20 + 5 for commands = 45 connections of ")


async def test_workers_that_may_open_more_than_the_server_takes_are_a_finding(settings: Settings) -> None:
    finding = await _connections(settings, workers=64, database_connections=20)
    assert not finding.ok
    assert "= 1285 connections, but the server takes" in finding.detail
    assert "EPOCH_DATABASE_CONNECTIONS" in finding.detail


async def test_a_limit_of_our_own_stands_for_the_servers(settings: Settings) -> None:
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
def test_what_other_programs_hold_is_no_longer_free(held: int, fits: bool) -> None:
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
    argv = [sys.executable, "-m", "epoch", "run"]
    ended = subprocess.run(argv, env=environ, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 2
    assert ended.stderr == (
        "epoch: 2 workers x 20 + 5 for commands = 45 connections, but the server takes 44: "
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
    argv = [sys.executable, "-m", "epoch", *command]
    ended = subprocess.run(argv, env=environ, capture_output=True, text=True, check=False, timeout=60)
    printed = ended.stdout + ended.stderr
    advice = f"EPOCH_DATABASE_URL: no database server answers at 127.0.0.1:{port}; start it or correct the address"
    assert (ended.returncode, advice in printed) == (1, True), printed
    assert "s3cret-word" not in printed
    assert "Errno" not in printed


async def test_a_proxy_that_no_setting_names_is_a_finding(settings: Settings) -> None:
    """Whatever stands in front names itself; the product does not."""
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


@pytest.mark.parametrize("part", ["public URL", "proxies", "metrics"])
async def test_a_public_url_that_does_not_answer_is_named_with_what_to_check(settings: Settings, part: str) -> None:
    url = f"http://127.0.0.1:{unused_port()}"
    found = await _finding(part, settings, public_url=url)
    assert not found.ok
    assert found.detail.startswith(f"{url} does not answer")
    assert "EPOCH_PUBLIC_URL" in found.detail
