"""The pool of connections for single statements: first come, first served; waits are bounded, broken ones replaced."""

import asyncio
from collections.abc import Callable
from typing import Any

import anyio
import asyncpg
import pytest

from kit.db.statement_pool import PoolOverloaded, StatementPool
from support.waiting import wait_until

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
    is_busy = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1 AND state = 'active')"
    await wait_until(lambda: watcher.fetchval(is_busy, pid))
    await watcher.close()


async def test_more_callers_than_connections_share_what_there_is(connect: Callable[[], Any]) -> None:
    statements = StatementPool(connect, size=3, seconds=20)
    pids = await asyncio.gather(*(_pid(statements) for _ in range(60)))
    assert len(set(pids)) == 3
    statements.close_idle()


async def test_callers_of_a_pool_that_was_warmed_up_are_not_refused(connect: Callable[[], Any]) -> None:
    opened = 0

    async def connect_slowly() -> Any:
        nonlocal opened
        await asyncio.sleep(0.3)
        opened += 1
        return await connect()

    async def refused(statements: StatementPool) -> int:
        """Return how many of ten callers, which come while others wait, a pool of two connections refuses."""
        first = [asyncio.create_task(statements.fetch_row_in_time(WHO_AM_I)) for _ in range(4)]
        await asyncio.sleep(0.2)
        later = [asyncio.create_task(statements.fetch_row_in_time(WHO_AM_I)) for _ in range(10)]
        answers = await asyncio.gather(*first, *later, return_exceptions=True)
        statements.close_idle()
        return sum(isinstance(answer, PoolOverloaded) for answer in answers)

    # Callers may wait for a third of the pool's half second.
    assert await refused(StatementPool(connect_slowly, size=2, seconds=0.5)) == 10
    warm = StatementPool(connect_slowly, size=2, seconds=0.5)
    await warm.warm_up()
    assert warm.in_use == 0
    assert await refused(warm) == 0
    assert opened == 4  # two for each pool
    await warm.warm_up()
    assert opened == 6  # its connections were closed
    await warm.warm_up()
    assert opened == 6
    warm.close_idle()


async def test_a_pool_that_cannot_be_warmed_up_tells_it_and_connects_later(connect: Callable[[], Any]) -> None:
    is_down = True

    async def connect_when_up() -> Any:
        if is_down:
            raise OSError("down")
        return await connect()

    statements = StatementPool(connect_when_up, size=2, seconds=20)
    with pytest.raises(OSError, match="down"):
        await statements.warm_up()
    assert statements.in_use == 0
    is_down = False
    assert len(set(await asyncio.gather(*(_pid(statements) for _ in range(10))))) == 2
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


async def test_no_caller_waits_longer_than_allowed_for_a_connection_in_use(connect: Callable[[], Any]) -> None:
    statements = StatementPool(connect, size=1, seconds=20)
    before = await _pid(statements)
    held, statements._seconds = statements._pop_idle(), 0.2

    async def wait(fetch: Callable[..., Any]) -> None:
        with pytest.raises(TimeoutError):
            await fetch(WHO_AM_I)

    with anyio.fail_after(30):
        first = asyncio.create_task(wait(statements.fetch_row_in_time))
        await until_waiting(statements, 1)
        await asyncio.sleep(0.05)
        await asyncio.gather(first, wait(statements.fetch_row))
        # The next caller, after a time without callers, does not wait longer either.
        await wait(statements.fetch_row)
    statements._hand_on(held)
    assert await _pid(statements) == before
    statements.close_idle()


async def test_a_statement_that_takes_too_long_is_given_up(connect: Callable[[], Any]) -> None:
    statements = StatementPool(connect, size=1, seconds=1)
    with pytest.raises(TimeoutError):
        await statements.fetch_row("SELECT pg_sleep(30)")


async def until_waiting(statements: StatementPool, callers: int) -> None:
    """Let the tasks run that were just made, until ``callers`` of them wait for a connection."""
    await wait_until(lambda: len(statements._waiters) + len(statements._refusable) >= callers, pause=0)


async def test_who_must_be_served_goes_before_who_may_be_refused(connect: Callable[[], Any]) -> None:
    statements = StatementPool(connect, size=1, seconds=20)
    order: list[str] = []

    async def use(kind: str) -> None:
        fetch = statements.fetch_row_in_time if kind == "refusable" else statements.fetch_row
        await fetch("SELECT pg_sleep(0)")
        order.append(kind)

    slow = asyncio.create_task(statements.fetch_row("SELECT pg_sleep(0.2)"))
    await until_opened(statements)
    kinds = ["refusable", "refusable", "served", "served"]
    waiting = [asyncio.create_task(use(kind)) for kind in kinds]
    await asyncio.gather(slow, *waiting)
    assert order == ["served", "served", "refusable", "refusable"]
    statements.close_idle()


async def until_opened(statements: StatementPool) -> None:
    await wait_until(lambda: statements._open > 0, pause=0)


async def test_who_would_wait_too_long_is_refused_at_once(connect: Callable[[], Any]) -> None:
    statements = StatementPool(connect, size=1, seconds=20)
    slow = asyncio.create_task(statements.fetch_row("SELECT pg_sleep(0.2)"))
    await until_opened(statements)
    # A wait of seven seconds of the twenty is too long; the average predicts four seconds for each statement.
    statements._interval = 4.0
    waiting = [asyncio.create_task(statements.fetch_row_in_time("SELECT 1")) for _ in range(2)]
    await until_waiting(statements, 2)
    with pytest.raises(PoolOverloaded) as refused:
        await statements.fetch_row_in_time("SELECT 1")
    assert refused.value.retry_after > 0
    urgent = asyncio.create_task(statements.fetch_row("SELECT 1"))
    await asyncio.gather(slow, urgent, *waiting)
    # A free connection is used, whatever the average says.
    assert (await statements.fetch_row_in_time("SELECT 1 AS one"))["one"] == 1
    statements.close_idle()


async def test_when_no_statement_ends_the_oldest_wait_decides(connect: Callable[[], Any]) -> None:
    statements = StatementPool(connect, size=1, seconds=20)
    stuck = asyncio.create_task(statements.fetch_row("SELECT pg_sleep(30)"))
    await until_opened(statements)
    first = asyncio.create_task(statements.fetch_row_in_time("SELECT 1"))
    await until_waiting(statements, 1)
    statements._refusable[0] = (statements._refusable[0][0] - 20, statements._refusable[0][1])
    with pytest.raises(PoolOverloaded):
        await statements.fetch_row_in_time("SELECT 1")
    stuck.cancel()
    await first
    statements.close_idle()


async def test_the_average_follows_the_statements(connect: Callable[[], Any]) -> None:
    statements = StatementPool(connect, size=1, seconds=20)
    before = statements._interval
    await asyncio.gather(*(statements.fetch_row_in_time("SELECT pg_sleep(0.02)") for _ in range(10)))
    assert statements._interval > before
    statements.close_idle()
