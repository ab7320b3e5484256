"""Lower bound of the exchange benchmark (``floor.py``) with the product's connection pool in place of asyncpg's."""

import os
from typing import Any

import asyncpg

from kit.db.statement_pool import StatementPool
from peers.floor import CONNECTIONS, SQL, Floor

WAIT_SECONDS = 2.0


class FloorOnStatementPool(Floor):
    """The floor with ``StatementPool`` in place of asyncpg's pool."""

    async def open_pool(self) -> None:
        self._statements = StatementPool(
            lambda: asyncpg.connect(os.environ["EPOCH_DATABASE_URL"]), size=CONNECTIONS, seconds=WAIT_SECONDS
        )

    async def fetch_row(self, digest: bytes) -> Any:
        return await self._statements.fetch_row(SQL, digest)

    async def close_pool(self) -> None:
        self._statements.close_idle()


app = FloorOnStatementPool()
