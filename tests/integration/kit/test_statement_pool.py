"""Connections that go from hand to hand: fairly, and never dead or busy ones."""

import asyncio
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from kit.db.statement_pool import StatementPool

pytestmark = pytest.mark.anyio
WHO_AM_I = "SELECT pg_backend_pid() AS pid"


@pytest.fixture
def connect(database_url: str) -> Callable[[], Any]:
    return lambda: asyncpg.connect(database_url, command_timeout=20)


async def _pid(statements: StatementPool) -> int:
    pid: int = (await statements.fetch_row(WHO_AM_I))["pid"]
    return pid


async def until_busy(connect: Callable[[], Any], pid: int) -> None:
    """Wait until the server runs a statement on the connection ``pid``."""
    watcher = await connect()
    async with asyncio.timeout(30):
        while True:
            if await watcher.fetchval("SELECT state FROM pg_stat_activity WHERE pid = $1", pid) == "active":
                break
            await asyncio.sleep(0.01)
    await watcher.close()


async def test_more_callers_than_connections_share_what_there_is(connect: Callable[[], Any]) -> None:
    statements = StatementPool(connect, size=3, seconds=20)
    pids = await asyncio.gather(*(_pid(statements) for _ in range(60)))
    assert len(set(pids)) == 3
    statements.close_idle()


async def test_who_waits_longest_is_next(connect: Callable[[], Any]) -> None:
    statements = StatementPool(connect, size=1, seconds=20)
    order: list[int] = []

    async def use(number: int) -> None:
        await statements.fetch_row("SELECT pg_sleep(0.01)")
        order.append(number)

    await asyncio.gather(*(use(number) for number in range(20)))
    assert order == list(range(20))
    statements.close_idle()


async def test_a_refused_statement_leaves_the_connection_usable(connect: Callable[[], Any]) -> None:
    statements = StatementPool(connect, size=1, seconds=20)
    before = await _pid(statements)
    with pytest.raises(asyncpg.DivisionByZeroError):
        await statements.fetch_row("SELECT 1 / 0")
    assert await _pid(statements) == before
    statements.close_idle()


async def test_a_cancelled_statement_takes_its_connection_with_it(connect: Callable[[], Any]) -> None:
    statements = StatementPool(connect, size=1, seconds=20)
    before = await _pid(statements)
    slow = asyncio.create_task(statements.fetch_row("SELECT pg_sleep(30)"))
    waiting = asyncio.create_task(_pid(statements))
    await until_busy(connect, before)
    slow.cancel()
    assert await waiting != before
    statements.close_idle()


async def test_a_caller_that_gives_up_waiting_holds_nobody_up(connect: Callable[[], Any]) -> None:
    statements = StatementPool(connect, size=1, seconds=20)
    slow = asyncio.create_task(statements.fetch_row("SELECT pg_sleep(0.2)"))
    impatient = asyncio.create_task(_pid(statements))
    patient = asyncio.create_task(_pid(statements))
    await asyncio.sleep(0.05)
    impatient.cancel()
    await slow
    assert await patient > 0
    statements.close_idle()


async def test_a_connection_that_the_server_closed_is_replaced(connect: Callable[[], Any]) -> None:
    statements = StatementPool(connect, size=1, seconds=20)
    before = await _pid(statements)
    other = await connect()
    await other.execute("SELECT pg_terminate_backend($1, 5000)", before)
    await other.close()
    await asyncio.sleep(0.1)
    assert await _pid(statements) != before
    statements.close_idle()


async def test_values_rows_and_command_tags_are_returned(connect: Callable[[], Any]) -> None:
    statements = StatementPool(connect, size=1, seconds=20)
    assert await statements.fetch_value("SELECT 7") == 7
    assert await statements.fetch_value("SELECT 7 WHERE false") is None
    assert [row[0] for row in await statements.fetch("SELECT generate_series(1, 3)")] == [1, 2, 3]
    assert await statements.execute("SET application_name = 'x'") == "SET"
    with pytest.raises(asyncpg.DivisionByZeroError):
        await statements.execute("SELECT 1 / 0")
    assert await statements.fetch_value("SELECT 8") == 8
    statements.close_idle()


async def test_a_server_that_cannot_be_reached_is_tried_again_each_time() -> None:
    tries = 0

    async def refuse() -> Any:
        nonlocal tries
        tries += 1
        raise ConnectionRefusedError

    statements = StatementPool(refuse, size=2, seconds=20)
    results = await asyncio.gather(*(statements.fetch_row(WHO_AM_I) for _ in range(9)), return_exceptions=True)
    assert [type(result) for result in results] == [ConnectionRefusedError] * 9
    assert tries == 9


async def test_nobody_waits_longer_than_allowed() -> None:
    async def never() -> Any:
        await asyncio.Event().wait()

    statements = StatementPool(never, size=1, seconds=0.1)
    results = await asyncio.gather(*(statements.fetch_row(WHO_AM_I) for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [TimeoutError] * 3


async def test_a_statement_that_takes_too_long_is_given_up(connect: Callable[[], Any]) -> None:
    statements = StatementPool(connect, size=1, seconds=1)
    with pytest.raises(TimeoutError):
        await statements.fetch_row("SELECT pg_sleep(30)")
