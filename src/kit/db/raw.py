"""Statements compiled once and run by asyncpg without the ORM, before a handler or in its transaction."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.ext.asyncio import AsyncSession

from kit.db.statement_pool import CONNECTION_LOST

SET_TENANT_SQL = "SELECT set_config('app.organization', $1, true), set_config('app.user', $2, true)"
"""Shows the transaction under way one organization and one person; both texts, empty for none."""


KEEP_PLANS_SQL = f"{SET_TENANT_SQL}, set_config('plan_cache_mode', 'auto', true)"
"""As ``SET_TENANT_SQL``; and the transaction's prepared statements keep their plans."""


class CompiledStatement:
    """A statement that is put together and compiled once; what differs between its uses are its ``bindparam``s."""

    def __init__(self, query: sa.Select[*tuple[Any, ...]] | sa.TextClause) -> None:
        compiled = query.compile(dialect=dialect())  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
        self.sql = str(compiled)
        self._names: Sequence[str] = compiled.positiontup or ()
        self._constants = compiled.params

    def arguments(self, given: dict[str, object]) -> list[object]:
        """The values for ``sql`` in their order."""
        return [given[name] if name in given else self._constants[name] for name in self._names]

    def null_arguments(self) -> list[object]:
        """NULL for each of its values but the constants: what looks for rows by them finds none."""
        return [self._constants[name] for name in self._names]


class RawConnection:
    """Reads on one connection."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def set_tenant(self, organization_id: UUID | None, user_id: UUID | None) -> None:
        """Show the transaction under way one organization and one person; it ends with the transaction."""
        await self._connection.fetchrow(SET_TENANT_SQL, str(organization_id or ""), str(user_id or ""))

    async def fetch(self, query: CompiledStatement, **given: object) -> Sequence[Any]:
        """All rows."""
        rows: Sequence[Any] = await self._connection.fetch(query.sql, *query.arguments(given))
        return rows

    async def fetch_row(self, query: CompiledStatement, **given: object) -> Any:
        """The first row, or None."""
        return await self._connection.fetchrow(query.sql, *query.arguments(given))

    async def warm_up(self, query: CompiledStatement) -> None:
        """Run ``query`` about nothing, so that this connection knows it from now on."""
        await self._connection.fetch(query.sql, *query.null_arguments())


async def raw_connection(session: AsyncSession) -> RawConnection:
    """Statements in the transaction of ``session``, at a fifth of what each costs there.

    They see what was flushed. JSON is given to them as text, and read by them.
    """
    connection = await session.connection()
    driver = (await connection.get_raw_connection()).driver_connection
    if driver is None or not driver.is_in_transaction():
        # SQLAlchemy begins it with its first statement, and without it every lock would be given back at once.
        await connection.execute(sa.select(1))
        driver = (await connection.get_raw_connection()).driver_connection
    return RawConnection(driver)


class ReadPool:
    """A few connections, as the role that requests run as; with an asyncpg statement cache and without an ORM.

    A look-up through a session costs ten times as much: its query is put together, its connection tried, its plan
    made anew each time.
    """

    def __init__(self, create_pool: Callable[[], Awaitable[Any]], *, seconds: float) -> None:
        """``seconds`` is how long to wait for a connection."""
        self._create_pool = create_pool
        self._seconds = seconds
        self._pool: Any = None

    async def start(self) -> None:
        self._pool = await self._create_pool()

    def stop(self) -> None:
        if self._pool is not None:
            self._pool.terminate()

    async def fetch_row(self, query: CompiledStatement, **given: object) -> Any:
        """The first row, or None, of what needs no organization; tried anew when its connection died meanwhile."""
        try:
            async with self._acquired() as reader:
                return await reader.fetch_row(query, **given)
        except CONNECTION_LOST:
            # The others may be just as dead: the server they belonged to is gone.
            await self._pool.expire_connections()
        async with self._acquired() as reader:
            return await reader.fetch_row(query, **given)

    @asynccontextmanager
    async def tenant_scope(self, organization_id: UUID | None, user_id: UUID | None) -> AsyncIterator[RawConnection]:
        """A read-only transaction that sees one organization and the places of one person."""
        async with self._pool.acquire(timeout=self._seconds) as connection, connection.transaction(readonly=True):
            reader = RawConnection(connection)
            await reader.set_tenant(organization_id, user_id)
            yield reader

    @asynccontextmanager
    async def _acquired(self) -> AsyncIterator[RawConnection]:
        async with self._pool.acquire(timeout=self._seconds) as connection:
            yield RawConnection(connection)
