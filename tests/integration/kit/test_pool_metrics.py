"""Waits for database connections: measured for each pool, and only for callers that had to wait."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa

from kit.db.database import Database
from kit.db.pool_metrics import PoolMeter
from kit.db.raw import CompiledStatement
from kit.db.statement_pool import PoolOverloaded
from support.metrics import Growth
from support.waiting import wait_until

pytestmark = pytest.mark.anyio
SLEEP = "SELECT pg_sleep(0.05)"


@pytest.fixture
async def small_database(database_url: str) -> AsyncIterator[Database]:
    """A database with one connection in each pool."""
    one = Database(
        database_url, engine_connections=1, guard_connections=1, lookup_connections=1, connect_seconds=20, pool="narrow"
    )
    await one.start()
    yield one
    await one.stop()


def waits(pool: str) -> Growth:
    return Growth("epoch_database_pool_wait_seconds_count", pool=pool)


def timeouts(pool: str) -> Growth:
    return Growth("epoch_database_pool_timeouts_total", pool=pool)


async def run_in_session(database: Database) -> None:
    async with database.sessions() as session:
        await session.execute(sa.text(SLEEP))


async def test_a_free_connection_is_no_wait(small_database: Database) -> None:
    measured = waits("narrow")
    for _ in range(3):
        await run_in_session(small_database)
    assert measured.amount == 0


async def test_sessions_that_wait_are_measured(small_database: Database) -> None:
    measured, seconds = waits("narrow"), Growth("epoch_database_pool_wait_seconds_sum", pool="narrow")
    await asyncio.gather(*(run_in_session(small_database) for _ in range(3)))
    assert measured.amount == 2
    assert seconds.amount > 0


async def test_a_session_that_gets_no_connection_is_counted(database_url: str) -> None:
    small_database = Database(
        database_url, engine_connections=1, connect_seconds=20, wait_seconds=0.05, pool="impatient"
    )
    counted, measured = timeouts("impatient"), waits("impatient")
    async with small_database.sessions() as session:
        await session.execute(sa.text("SELECT 1"))
        with pytest.raises(sa.exc.TimeoutError):
            await run_in_session(small_database)
    assert (counted.amount, measured.amount) == (1, 1)
    await small_database.stop()


async def test_single_statements_that_wait_are_measured(small_database: Database) -> None:
    measured = waits("lookups")
    await asyncio.gather(*(small_database.lookup_pool.fetch_row(SLEEP) for _ in range(3)))
    assert measured.amount >= 2


def test_a_wait_of_less_than_five_milliseconds_is_none() -> None:
    meter, measured = PoolMeter("brief"), waits("brief")
    meter.add_wait(0.004)
    assert measured.amount == 0
    meter.add_wait(0.005)
    assert measured.amount == 1


async def test_a_statement_that_is_refused_before_it_waits_is_counted(database_url: str) -> None:
    small_database = Database(database_url, lookup_connections=1, connect_seconds=3)
    refused = timeouts("lookups")
    asked = [asyncio.create_task(small_database.lookup_pool.fetch_row("SELECT pg_sleep(30)"))]

    async def is_refused() -> bool:
        asked.append(asyncio.create_task(small_database.lookup_pool.fetch_row_in_time("SELECT 1")))
        await asyncio.sleep(0.05)
        return any(task.done() and isinstance(task.exception(), PoolOverloaded) for task in asked)

    await wait_until(is_refused)
    assert refused.amount >= 1
    await asyncio.gather(*asked, return_exceptions=True)
    await small_database.stop()


async def test_reads_of_guards_that_wait_are_measured(small_database: Database) -> None:
    query = CompiledStatement(sa.text(SLEEP))
    await small_database.read_pool.fetch_row(query)
    measured = waits("guards")
    await asyncio.gather(*(small_database.read_pool.fetch_row(query) for _ in range(3)))
    assert measured.amount >= 2
