"""Runs precompiled SQL by asyncpg without the ORM: on connections of a small read pool, or on that of a session.

Also has the statements that set the organization, user and actor of a transaction.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, nullcontext
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from kit.actor import Actor
from kit.db.pool_metrics import PoolMeter
from kit.db.statement_pool import CONNECTION_LOST

_DIALECT = sa.make_url("postgresql+asyncpg://").get_dialect()()

SET_TENANT_SQL = "SELECT set_config('app.organization', $1, true), set_config('app.user', $2, true)"
"""Sets the organization and the user whose rows the transaction sees: two texts, empty for none."""


KEEP_PLANS_SQL = f"{SET_TENANT_SQL}, set_config('plan_cache_mode', 'auto', true)"
"""As ``SET_TENANT_SQL``; the transaction's prepared statements also keep their plans."""


ACTOR_SQL = ", set_config('app.actor', $3, true)"
"""Appended to one of the statements above: sets the actor of the transaction's audit events, for API keys and staff."""


READ_ONLY_SQL = f"{SET_TENANT_SQL}, set_config('transaction_read_only', 'on', true)"
"""As ``SET_TENANT_SQL``; the transaction cannot write, and cannot change this before its end."""


def scope_statement(
    organization_id: UUID | None,
    user_id: UUID | None,
    actor: Actor | None,
    *,
    keep_plans: bool,
    is_read_only: bool = False,
) -> tuple[str, tuple[str, ...]]:
    """The statement that sets a transaction's organization, user and actor, and its values.

    ``is_read_only`` is for transactions whose plans are not kept.
    """
    statement = READ_ONLY_SQL if is_read_only else KEEP_PLANS_SQL if keep_plans else SET_TENANT_SQL
    values = (str(organization_id or ""), str(user_id or ""))
    return (statement, values) if actor is None else (statement + ACTOR_SQL, (*values, actor.reference))


class CompiledStatement:
    """A statement that is built and compiled once; its ``bindparam``s get new values in each use."""

    def __init__(self, query: sa.Select[*tuple[Any, ...]] | sa.TextClause) -> None:
        compiled = query.compile(dialect=_DIALECT)
        self.sql = str(compiled)
        self._names: Sequence[str] = compiled.positiontup or ()
        self._constants = compiled.params

    def arguments(self, given: dict[str, object]) -> list[object]:
        """The values of the parameters of ``sql``, in order."""
        return [given[name] if name in given else self._constants[name] for name in self._names]

    def null_arguments(self) -> list[object]:
        """The constants, and NULL for all other parameters, so that the statement matches no rows."""
        return [self._constants[name] for name in self._names]


class RawConnection:
    """Runs compiled statements on one asyncpg connection."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def set_tenant(self, organization_id: UUID | None, user_id: UUID | None) -> None:
        """Set the organization and the user whose rows the current transaction sees."""
        await self._connection.fetchrow(SET_TENANT_SQL, str(organization_id or ""), str(user_id or ""))

    async def fetch(self, query: CompiledStatement, **given: object) -> Sequence[Any]:
        """Return all rows."""
        rows: Sequence[Any] = await self._connection.fetch(query.sql, *query.arguments(given))
        return rows

    async def fetch_row(self, query: CompiledStatement, **given: object) -> Any:
        """Return the first row, or None."""
        return await self._connection.fetchrow(query.sql, *query.arguments(given))

    async def warm_up(self, query: CompiledStatement) -> None:
        """Run ``query`` with NULL parameters, so that this connection has prepared the statement."""
        await self._connection.fetch(query.sql, *query.null_arguments())


async def raw_connection(session: AsyncSession) -> RawConnection:
    """Return a raw connection in the transaction of ``session``; a statement on it costs a fifth of one by the session.

    Its statements see flushed changes. JSON parameters and JSON results are texts.
    """
    connection = await session.connection()
    driver = (await connection.get_raw_connection()).driver_connection
    if driver is None or not driver.is_in_transaction():
        # SQLAlchemy begins the transaction with its first statement. Outside a transaction, locks are released at once.
        await connection.execute(sa.select(1))
        driver = (await connection.get_raw_connection()).driver_connection
    return RawConnection(driver)


class ReadPool:
    """A small asyncpg pool with the role of requests, for look-ups without the ORM.

    A look-up through a session costs ten times as much: the session builds the query, checks the connection and plans
    the statement each time.
    """

    def __init__(self, create_pool: Callable[[], Awaitable[Any]], *, seconds: float, meter: PoolMeter) -> None:
        """``seconds`` is how long a caller waits for a connection; ``meter`` measures waits."""
        self._meter = meter
        self._create_pool = create_pool
        self._seconds = seconds
        self._pool: Any = None

    async def start(self) -> None:
        self._pool = await self._create_pool()

    def stop(self) -> None:
        if self._pool is not None:
            self._pool.terminate()

    @property
    def in_use(self) -> int:
        """Connections that a caller holds."""
        return 0 if self._pool is None else int(self._pool.get_size() - self._pool.get_idle_size())

    async def fetch_row(self, query: CompiledStatement, **given: object) -> Any:
        """Return the first row, or None; no organization is set. Repeated once when the connection was lost."""
        try:
            async with self._acquired() as connection:
                return await RawConnection(connection).fetch_row(query, **given)
        except CONNECTION_LOST:
            # The pool's other connections were to the same server and may be lost too.
            await self._pool.expire_connections()
        async with self._acquired() as connection:
            return await RawConnection(connection).fetch_row(query, **given)

    @asynccontextmanager
    async def tenant_scope(self, organization_id: UUID | None, user_id: UUID | None) -> AsyncIterator[RawConnection]:
        """A read-only transaction that sees one organization and the memberships of one user."""
        async with self._acquired() as connection, connection.transaction(readonly=True):
            reader = RawConnection(connection)
            await reader.set_tenant(organization_id, user_id)
            yield reader

    @asynccontextmanager
    async def _acquired(self) -> AsyncIterator[Any]:
        """A connection of the pool. Raises: TimeoutError."""
        pool = self._pool
        is_full = pool.get_idle_size() == 0 and pool.get_size() == pool.get_max_size()
        with self._meter.waiting() if is_full else nullcontext():
            connection = await pool.acquire(timeout=self._seconds)
        try:
            yield connection
        finally:
            await pool.release(connection)
