"""The age of the rows that a read replica shows, and the errors that only the replica causes."""

import datetime as dt
import time
from typing import Any

import asyncpg
import pytest

from kit.clock import utc_now
from kit.db.connections import share_replica_connections
from kit.db.connector import Connector
from kit.db.database import Database
from kit.db.replica import ReadReplica, WalSample, without_header

URL = "postgresql://epoch@127.0.0.1:1/epoch"
PAGE, SEGMENT = 8192, 16 << 20


def replica(*samples: WalSample, max_lag: float = 30) -> ReadReplica:
    connector = Connector(URL, is_replica=True)
    found = ReadReplica(Database(URL), connector, shares=share_replica_connections(20), max_lag_seconds=max_lag)
    found._samples.extend(samples)
    return found


def sample(position: int, seconds_ago: float = 0) -> WalSample:
    return WalSample(position, time.monotonic() - seconds_ago, utc_now() - dt.timedelta(seconds=seconds_ago))


def test_the_newest_sample_is_the_last_one_that_the_standby_has_replayed() -> None:
    samples = [sample(100, 3), sample(200, 2), sample(200, 1), sample(300)]
    found = replica(*samples)
    assert [found.newest_sample(at) for at in (99, 100, 199, 200, 299, 300, 999)] == [
        None,
        samples[0],
        samples[0],
        samples[2],
        samples[2],
        samples[3],
        samples[3],
    ]


@pytest.mark.parametrize(
    ("seconds_ago", "max_age", "enough"), [(29, 60, True), (31, 60, False), (4, 5, True), (6, 5, False), (0, 0, False)]
)
def test_neither_the_setting_nor_the_request_is_exceeded(seconds_ago: float, max_age: float, enough: bool) -> None:
    assert replica().is_recent_enough(sample(1, seconds_ago), max_age) is enough
    assert not replica().is_recent_enough(None, max_age)


@pytest.mark.parametrize(
    ("position", "without"),
    [
        (5 * PAGE + 24, 5 * PAGE),
        (5 * PAGE + 40, 5 * PAGE + 40),
        (5 * PAGE + 80, 5 * PAGE + 80),
        (3 * SEGMENT + 40, 3 * SEGMENT),
        (3 * SEGMENT + 24, 3 * SEGMENT + 24),
        (3 * SEGMENT, 3 * SEGMENT),
    ],
)
def test_the_header_of_a_page_without_records_is_not_waited_for(position: int, without: int) -> None:
    assert without_header(position) == without


@pytest.mark.parametrize(
    ("error", "is_its_own"),
    [
        (asyncpg.SerializationError("canceling statement due to conflict with recovery"), True),
        (asyncpg.UndefinedTableError("relation does not exist"), True),
        (asyncpg.UndefinedColumnError("column does not exist"), True),
        (asyncpg.ConnectionDoesNotExistError("closed"), True),
        (ConnectionRefusedError(), True),
        (TimeoutError(), True),
        (asyncpg.QueryCanceledError("statement timeout"), False),
        (asyncpg.DivisionByZeroError("division by zero"), False),
        (ValueError("a bug"), False),
    ],
)
def test_only_errors_of_the_standby_lead_to_the_primary(error: Any, is_its_own: bool) -> None:
    assert replica().is_fault_of_replica(error) is is_its_own
