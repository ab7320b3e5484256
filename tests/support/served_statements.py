"""Runs recorded SQL statements as workers of an older version do; ``tools/record_statements.py`` recorded them."""

import asyncio
import contextlib
import json
import re
import secrets
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg

from kit.db.database import ADMIN_ROLE
from support.databases import PATIENT_SECONDS

RECORDED: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[1] / "cases" / "served_statements.json").read_text()
)
REVISION: str = RECORDED["revision"]
"""The schema of the version whose statements were recorded."""
_INSERT = """
SELECT format('INSERT INTO %1$I (%3$s) SELECT %3$s FROM jsonb_populate_recordset(NULL::%1$I, %2$L)', $1::text, $2::text,
              (SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute
               WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped AND $2::jsonb -> 0 ? attname))
"""
_ROWS = json.dumps(RECORDED["rows"])
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|CA[0-9a-f]{32}")


async def insert_rows(url: str) -> None:
    """Insert the organization, number and token that the statements need, by the schema that the database has."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"SET ROLE {ADMIN_ROLE}")
        for table, rows in RECORDED["rows"].items():
            await connection.execute(await connection.fetchval(_INSERT, table, json.dumps(rows)))
    finally:
        await connection.close()


class OlderWorker:
    """A worker of the older version: its database connections, each with a role and prepared statements."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connections: dict[str, Any] = {}
        self._prepared: dict[tuple[str, str], str] = {}
        self.rounds = 0
        """The number of exchanges or calls that were served completely."""

    async def serve(self, part: str) -> None:
        """Run the statements of one ``exchange`` or ``call`` with new ids. Raises: asyncpg.PostgresError."""
        ids: dict[str, str] = {}

        def fresh(found: re.Match[str]) -> str:
            if found[0] in _ROWS:
                return found[0]
            new = "CA" + secrets.token_hex(16) if found[0].startswith("CA") else str(uuid.uuid4())
            return ids.setdefault(found[0], new)

        for statement in RECORDED["statements"]:
            if statement["part"] == part:
                connection = await self._connection(statement["connection"])
                if statement["values"] is None:
                    await connection.execute(statement["sql"])
                else:
                    name = await self._prepare(connection, statement["connection"], statement["sql"])
                    values = [_ID.sub(fresh, value) for value in statement["values"]]
                    await connection.execute(f"EXECUTE {name} ({', '.join(values)})" if values else f"EXECUTE {name}")
        self.rounds += 1

    async def _connection(self, name: str) -> Any:
        if name not in self._connections:
            connection = await asyncpg.connect(self._url)
            await connection.execute(f"SET ROLE {name.split(maxsplit=1)[0]}; SET lock_timeout = '{PATIENT_SECONDS:g}s'")
            self._connections[name] = connection
        return self._connections[name]

    async def _prepare(self, connection: Any, name: str, sql: str) -> str:
        if (name, sql) not in self._prepared:
            prepared = f"s{len(self._prepared)}"
            await connection.execute(f"PREPARE {prepared} AS {sql}")
            self._prepared[name, sql] = prepared
        return self._prepared[name, sql]

    def close(self) -> None:
        for connection in self._connections.values():
            connection.terminate()


@contextlib.asynccontextmanager
async def older_workers(url: str, *parts: str) -> AsyncIterator[list[OlderWorker]]:
    """Run a worker of the older version for each of ``parts``, which it serves again and again.

    A statement that fails ends the block with its error.
    """
    workers = [OlderWorker(url) for _ in parts]

    async def serve_on(worker: OlderWorker, part: str) -> None:
        while not stopped.is_set():
            await worker.serve(part)

    stopped = asyncio.Event()
    try:
        async with asyncio.TaskGroup() as group:
            for worker, part in zip(workers, parts, strict=True):
                group.create_task(serve_on(worker, part))
            yield workers
            stopped.set()
    finally:
        for worker in workers:
            worker.close()
