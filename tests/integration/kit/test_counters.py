"""Counters of each minute in the database: summed over processes, kept in memory while the database is away."""

import asyncio
from uuid import uuid4

import pytest
import sqlalchemy as sa

from kit.counters import CounterBuffer, MinuteCounter
from kit.db.database import Database
from kit.db.statement_pool import StatementPool

pytestmark = pytest.mark.anyio


async def total(database: Database, name: str) -> int:
    async with database.sessions() as session:
        amounts = sa.select(sa.func.sum(MinuteCounter.amount)).where(MinuteCounter.name == name)
        return int(await session.scalar(amounts) or 0)


async def test_the_counts_of_all_processes_add_up(other_worker_database: Database, database: Database) -> None:
    names = [f"test.{uuid4().hex}" for _ in range(5)]
    processes = [CounterBuffer(other_worker_database) for _ in range(4)]
    for number, process in enumerate(processes):
        # Each in another order: rows that two of them write must not make them wait for each other.
        for name in names if number % 2 else reversed(names):
            process.add(name)
            process.add(name, number)
    await asyncio.gather(*(process.flush() for process in processes))
    processes[0].add(names[0])
    for process in processes:
        await process.flush()
    assert [await total(database, name) for name in names] == [11, 10, 10, 10, 10]


async def test_what_a_lost_database_did_not_take_is_written_later(
    other_worker_database: Database, database: Database
) -> None:
    name = f"test.{uuid4().hex}"
    measures, pool = CounterBuffer(other_worker_database), other_worker_database.lookup_pool
    measures.add(name, 2)
    other_worker_database.lookup_pool = StatementPool(refuse, size=1, seconds=1)
    await measures.flush()
    measures.add(name, 3)
    other_worker_database.lookup_pool = pool
    await measures.stop()
    assert await total(database, name) == 5


async def refuse() -> None:
    raise ConnectionRefusedError
