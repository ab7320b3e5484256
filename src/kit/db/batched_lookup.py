"""Look-up of rows by a unique key: look-ups that begin at the same time share one SQL statement."""

import asyncio
from functools import partial
from typing import Any

from kit.db.statement_pool import StatementPool

MAX_KEYS = 100
"""Keys of one statement; further keys get another statement."""
_Batch = list[tuple[bytes, asyncio.Future[Any]]]
"""The keys that one statement looks up, each with the future of its row."""


class BatchedLookup:
    """Finds one row for each of many callers.

    Calls of one iteration of the event loop share a statement. A busy worker reads several requests in each iteration,
    and a statement costs it a third of an exchange (docs/decisions/0301). A call that is alone in its iteration gets a
    statement with one key, because a statement with an array of keys costs 1.5 times as much.
    """

    def __init__(self, pool: StatementPool, *, single_key_sql: str, many_keys_sql: str, key_column: str) -> None:
        """``single_key_sql`` returns the row of the key ``$1``; ``many_keys_sql`` the rows of the keys in array ``$1``.

        Each row of ``many_keys_sql`` has its key in ``key_column``.
        """
        self._pool = pool
        self._single_key_sql, self._many_keys_sql = single_key_sql, many_keys_sql
        self._key_column = key_column
        self._open_batch: _Batch | None = None
        """The batch that further calls may still join."""
        self._running: set[asyncio.Task[None]] = set()

    async def find(self, key: bytes) -> Any:
        """Return the row of ``key``, or None.

        Raises: as ``StatementPool.fetch_in_time``, for each caller of the statement.
        """
        loop = asyncio.get_running_loop()
        if self._open_batch is None or len(self._open_batch) == MAX_KEYS:
            self._open_batch = []
            # A separate task, because a caller that is cancelled must not cancel the statement of the other callers.
            task = loop.create_task(self._run(self._open_batch))
            self._running.add(task)
            task.add_done_callback(partial(self._end, self._open_batch))
        found = loop.create_future()
        self._open_batch.append((key, found))
        return await found

    async def _run(self, batch: _Batch) -> None:
        """Look up the keys of ``batch``, in the loop's next iteration, when all calls of this one have joined."""
        if self._open_batch is batch:
            self._open_batch = None
        try:
            by_key = await self._rows_of([key for key, _ in batch])
        except Exception as error:
            for _, found in batch:
                if not found.done():
                    found.set_exception(error)
        else:
            for key, found in batch:
                if not found.done():
                    found.set_result(by_key.get(key))

    async def _rows_of(self, keys: list[bytes]) -> dict[bytes, Any]:
        if len(keys) == 1:
            return {keys[0]: await self._pool.fetch_row_in_time(self._single_key_sql, keys[0])}
        return {row[self._key_column]: row for row in await self._pool.fetch_in_time(self._many_keys_sql, keys)}

    def _end(self, batch: _Batch, task: asyncio.Task[None]) -> None:
        """Cancel the calls that still wait; when the program ends, ``task`` may be cancelled before it has begun."""
        self._running.discard(task)
        for _, found in batch:
            found.cancel()
