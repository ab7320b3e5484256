"""``epoch doctor`` on the connections that all workers may open."""

import msgspec
import pytest

from epoch.cli.doctor import CheckResult, run_checks
from kit.settings import Settings

pytestmark = pytest.mark.anyio


async def _connections(settings: Settings, **changed: int) -> CheckResult:
    findings = await run_checks(msgspec.structs.replace(settings, **changed))
    return next(finding for finding in findings if finding.part == "connections")


async def test_workers_whose_connections_the_server_takes_are_well(settings: Settings) -> None:
    finding = await _connections(settings, workers=2, database_connections=20)
    assert finding.ok
    assert finding.detail.startswith("2 workers x 20 + 5 for commands = 45 of ")


async def test_workers_that_may_open_more_than_the_server_takes_are_a_finding(settings: Settings) -> None:
    finding = await _connections(settings, workers=64, database_connections=20)
    assert not finding.ok
    assert "= 1285 connections, but the server takes" in finding.detail
    assert "EPOCH_DATABASE_CONNECTIONS" in finding.detail
