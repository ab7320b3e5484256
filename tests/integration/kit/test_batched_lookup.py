"""Look-ups by key: simultaneous callers share a statement, and each gets its own row or the statement's error."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from kit.db.batched_lookup import MAX_KEYS, BatchedLookup
from kit.db.statement_pool import StatementPool

pytestmark = pytest.mark.anyio
FIND_ONE = "SELECT $1::bytea || 'x'::bytea AS value WHERE $1::bytea <> 'none'"
FIND = "SELECT key, key || 'x'::bytea AS value FROM unnest($1::bytea[]) AS key WHERE key <> 'none'"
FAIL = "SELECT key, (1 / (key <> 'bad')::int)::text::bytea AS value FROM unnest($1::bytea[]) AS key"


class CountedPool(StatementPool):
    """A pool of one connection; ``look_ups`` is how often it sent ``FIND``."""

    def __init__(self, url: str) -> None:
        super().__init__(self._open_counted, size=1, seconds=20)
        self._url = url
        self.look_ups = 0

    async def _open_counted(self) -> Any:
        connection = await asyncpg.connect(self._url, command_timeout=20)
        connection.add_query_logger(self._count)
        return connection

    def _count(self, sent: Any) -> None:
        # The driver also asks for the types of arrays, once for each connection.
        self.look_ups += sent.query == FIND


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[CountedPool]:
    pool = CountedPool(database_url)
    yield pool
    pool.close_idle()


def value_of(row: Any) -> bytes | None:
    return None if row is None else row["value"]


async def test_calls_of_one_iteration_of_the_loop_share_a_statement(pool: CountedPool) -> None:
    lookup = BatchedLookup(pool, single_key_sql=FIND_ONE, many_keys_sql=FIND, key_column="key")
    rows = await asyncio.gather(*(lookup.find(key) for key in (b"a", b"b", b"none", b"a")))
    assert [value_of(row) for row in rows] == [b"ax", b"bx", None, b"ax"]
    assert pool.look_ups == 1


async def test_a_caller_who_is_alone_has_a_statement_of_its_own(pool: CountedPool) -> None:
    lookup = BatchedLookup(pool, single_key_sql=FIND_ONE, many_keys_sql=FIND, key_column="key")
    assert [value_of(await lookup.find(key)) for key in (b"a", b"none", b"b")] == [b"ax", None, b"bx"]
    assert pool.look_ups == 0


async def test_a_statement_has_a_bounded_number_of_keys(pool: CountedPool) -> None:
    lookup = BatchedLookup(pool, single_key_sql=FIND_ONE, many_keys_sql=FIND, key_column="key")
    keys = [b"%d" % number for number in range(MAX_KEYS + 2)]
    rows = await asyncio.gather(*(lookup.find(key) for key in keys))
    assert [value_of(row) for row in rows] == [key + b"x" for key in keys]
    assert pool.look_ups == 2


async def test_a_caller_who_gives_up_leaves_the_others_their_statement(pool: CountedPool) -> None:
    lookup = BatchedLookup(pool, single_key_sql=FIND_ONE, many_keys_sql=FIND, key_column="key")
    first, second, _ = (asyncio.create_task(lookup.find(key)) for key in (b"a", b"b", b"c"))
    await asyncio.sleep(0)
    first.cancel()
    assert value_of(await second) == b"bx"
    assert first.cancelled()
    assert value_of(await lookup.find(b"c")) == b"cx"


async def test_each_caller_of_a_failed_statement_learns_why(pool: CountedPool) -> None:
    lookup = BatchedLookup(pool, single_key_sql=FIND_ONE, many_keys_sql=FAIL, key_column="key")
    errors = await asyncio.gather(*(lookup.find(key) for key in (b"a", b"bad")), return_exceptions=True)
    assert [type(error) for error in errors] == [asyncpg.DivisionByZeroError] * 2
    assert value_of(await lookup.find(b"a")) == b"ax"


async def test_no_caller_waits_for_ever_when_the_program_ends(pool: CountedPool) -> None:
    sleep = "SELECT pg_sleep(30) FROM unnest($1::bytea[])"
    lookup = BatchedLookup(pool, single_key_sql=FIND_ONE, many_keys_sql=sleep, key_column="key")
    waiting = asyncio.create_task(lookup.find(b"a"))
    await asyncio.sleep(0)
    (statement,) = lookup._running
    statement.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
