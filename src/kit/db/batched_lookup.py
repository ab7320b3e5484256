"""Look-up of rows by a unique key: callers who come at the same time share one statement."""

import asyncio
from functools import partial
from typing import Any

from kit.db.statement_pool import StatementPool

MAX_KEYS = 100
"""Keys of one statement; further ones get another."""
_Batch = list[tuple[bytes, asyncio.Future[Any]]]
"""The keys that one statement looks up, each with the caller who waits for its row."""


class BatchedLookup:
    """Finds rows for many callers, each of whom wants one.

    Callers of one turn of the event loop share a statement. A busy worker reads several requests in each turn, and a
    statement costs it a third of an exchange (docs/decisions/0301). A caller who is alone in its turn gets a statement
    with one key, because an array costs half as much again.
    """

    def __init__(self, pool: StatementPool, *, one: str, many: str, key: str) -> None:
        """``one`` returns the row of the key ``$1``; ``many`` those of the array ``$1``, each with column ``key``."""
        self._pool = pool
        self._one, self._many = one, many
        self._key = key
        self._next: _Batch | None = None
        """The batch that callers may still join."""
        self._running: set[asyncio.Task[None]] = set()

    async def find(self, key: bytes) -> Any:
        """Return the row of ``key``, or None.

        Raises: as ``StatementPool.fetch_in_time``, for each caller of the statement.
        """
        loop = asyncio.get_running_loop()
        if self._next is None or len(self._next) == MAX_KEYS:
            self._next = []
            # A task of its own, because a caller who gives up must not take the others' statement away.
            task = loop.create_task(self._run(self._next))
            self._running.add(task)
            task.add_done_callback(partial(self._end, self._next))
        found = loop.create_future()
        self._next.append((key, found))
        return await found

    async def _run(self, batch: _Batch) -> None:
        """Look up the keys of ``batch``. Begins in the loop's next turn, when all callers of this one have joined."""
        if self._next is batch:
            self._next = None
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
            return {keys[0]: await self._pool.fetch_row_in_time(self._one, keys[0])}
        return {row[self._key]: row for row in await self._pool.fetch_in_time(self._many, keys)}

    def _end(self, batch: _Batch, task: asyncio.Task[None]) -> None:
        """Cancel the callers who still wait; when the program ends, ``task`` may be cancelled before it has begun."""
        self._running.discard(task)
        for _, found in batch:
            found.cancel()
