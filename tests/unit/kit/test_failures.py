"""Unexpected errors: whether another service or the product caused one, and how often each kind is logged."""

from collections.abc import Sequence

import aiosmtplib
import asyncpg
import httpx
import pytest
import sqlalchemy as sa
from advanced_alchemy.exceptions import RepositoryError
from litestar.exceptions import InternalServerException
from sqlalchemy.exc import DBAPIError
from starlette.requests import ClientDisconnect
from structlog.testing import capture_logs
from structlog.typing import EventDict

from carrier.port import CarrierUnavailable
from kit.failures import FailureLog, failing_dependency, is_client_disconnected
from support.waiting import wait_until

pytestmark = pytest.mark.anyio


def wrapped(driver: Exception) -> Exception:
    """``driver`` as a repository of advanced-alchemy raises it: wrapped by the dialect, SQLAlchemy and itself."""
    original = Exception(str(driver))
    original.__cause__ = driver
    error = RepositoryError("There was an error")
    error.__cause__ = DBAPIError("INSERT", {}, original)
    return error


@pytest.mark.parametrize(
    ("error", "dependency"),
    [
        (asyncpg.DiskFullError("full"), "database"),
        (asyncpg.OutOfMemoryError("memory"), "database"),
        (asyncpg.ReadOnlySQLTransactionError("read-only"), "database"),
        (asyncpg.DeadlockDetectedError("deadlock"), "database"),
        (asyncpg.PostgresIOError("disk"), "database"),
        (wrapped(asyncpg.DiskFullError("full")), "database"),
        (wrapped(asyncpg.ReadOnlySQLTransactionError("read-only")), "database"),
        (ExceptionGroup("two", [asyncpg.DiskFullError("full")]), "database"),
        (httpx.ConnectError("refused"), "HTTP"),
        (aiosmtplib.SMTPServerDisconnected("gone"), "mail server"),
        (CarrierUnavailable("junk"), "carrier"),
        (KeyError("ours"), None),
        (wrapped(asyncpg.NotNullViolationError("ours")), None),
        (sa.exc.InvalidRequestError("ours"), None),
    ],
    ids=repr,
)
def test_the_fault_of_an_error_is_found_under_what_wraps_it(error: Exception, dependency: str | None) -> None:
    assert failing_dependency(error) == dependency


def test_a_bug_in_the_handling_of_an_outage_is_ours() -> None:
    error = KeyError("ours")
    error.__context__ = asyncpg.DiskFullError("full")
    assert failing_dependency(error) is None


def test_clients_that_leave_are_known_in_both_frameworks() -> None:
    assert is_client_disconnected(ClientDisconnect())
    assert is_client_disconnected(InternalServerException("client disconnected prematurely"))
    assert not is_client_disconnected(InternalServerException("broken"))


def about_disk(logged: Sequence[EventDict]) -> Sequence[EventDict]:
    """The lines of this module's failures: other tests' applications write into the same log."""
    return [line for line in logged if line.get("error") == "DiskFullError"]


async def test_a_kind_is_logged_once_and_then_counted() -> None:
    failures = FailureLog(interval_seconds=0.01)
    with capture_logs() as logged:
        for _ in range(50):
            assert failures.report(asyncpg.DiskFullError("full"), where="/api")
        await wait_until(lambda: len(about_disk(logged)) == 2)
        failures.report(asyncpg.DiskFullError("full"), where="/api")
    first, repeated, again = about_disk(logged)
    assert [line["event"] for line in (first, repeated, again)] == [
        "dependency_failed",
        "failure_repeated",
        "dependency_failed",
    ]
    assert (first["dependency"], first["sqlstate"]) == ("database", "53100")
    assert repeated["times"] == 49


async def test_a_bug_is_logged_with_its_traceback_and_without_the_values_of_a_statement() -> None:
    failures, number = FailureLog(), "+12125550177"
    with capture_logs() as logged:
        assert not failures.report(KeyError("ours"), where="/page")
        with pytest.raises(asyncpg.NotNullViolationError) as raised:
            raise asyncpg.NotNullViolationError(f"the value {number}")
        assert not failures.report(raised.value, where="/page")
    assert isinstance(logged[0]["exc_info"], KeyError)
    assert "test_failures.py" in logged[1]["frames"]
    assert number not in str(logged[1])
