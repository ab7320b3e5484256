"""``epoch doctor`` on the connections that all workers may open."""

import os
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import asyncpg
import msgspec
import pytest

from epoch.cli.doctor import CheckResult, run_checks
from epoch.connection_budget import ConnectionBudget, ConnectionsExceedLimit, read_budget
from kit.settings import Settings
from support.ports import unused_port

pytestmark = pytest.mark.anyio


async def _connections(settings: Settings, **changed: int) -> CheckResult:
    findings = await run_checks(msgspec.structs.replace(settings, **changed))
    return next(finding for finding in findings if finding.part == "connections")


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
