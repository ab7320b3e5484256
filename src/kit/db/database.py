"""The database: one engine for everyday work, one bare pool for the hot paths."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from kit.db.pool import CONNECTION_LOST, Statements
from kit.db.raw import (
    SET_TENANT_SQL,
    CompiledStatement,
    ReadPool,
    raw_connection,
)

CONNECT_SECONDS = 1.5
"""How long a request waits for a connection before it says that the service is unavailable."""
REQUEST_ROLE = "epoch_app"
"""Requests run as this: row-level security shows it one organization at a time."""
LOOKUP_ROLE = "epoch_lookup"
"""Finds the organization behind a token, a call or a key: a few columns, and nothing else."""
ADMIN_ROLE = "epoch_admin"
"""The command line and the jobs that go over all organizations."""
STAFF_ROLE = "epoch_staff"
"""The back office: reads every organization without its secrets, and writes only what belongs to staff."""
SERVER_SETTINGS = {
    "application_name": "epoch-voice",
    "statement_timeout": "5000",
    "idle_in_transaction_session_timeout": "15000",
}
# A plan for every organization and any limit takes a page for a tenth of all rows, and an index for a detour. The hot
# paths look up single rows: theirs stay.
CUSTOM_PLANS = {"plan_cache_mode": "force_custom_plan"}


def sqlalchemy_url(url: str) -> str:
    """``postgresql://…`` as SQLAlchemy wants it for asyncpg."""
    _, _, rest = url.partition("://")
    return f"postgresql+asyncpg://{rest}"


class NoResetConnection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg has no types
    """A connection whose return to the pool costs no round trip: hot paths leave no session state to reset."""

    def get_reset_query(self) -> str:
        return ""


class Database:
    """The engine, its sessions, and the hot paths' pool. ``start`` and ``stop`` run inside the serving loop.

    The address is the owner's, who migrates; every connection made here becomes ``role`` (the engine's) or the
    look-up role (the pool's) before its first statement.
    """

    def __init__(
        self,
        url: str,
        *,
        role: str = REQUEST_ROLE,
        engine_connections: int = 5,
        hot_connections: int = 10,
        reading_connections: int = 5,
        awake: dict[str, asyncio.Event] | None = None,
        engine_settings: dict[str, Any] | None = None,
    ) -> None:
        """``engine_settings`` change how the engine is made."""
        self._url = url
        self._role = role
        self.awake: dict[str, asyncio.Event] = {} if awake is None else awake
        """By kind of work that follows a commit, what wakes this process to do it; every session knows it."""
        self._reading_connections = reading_connections
        self._hot_connections = hot_connections
        made = {
            "pool_size": engine_connections,
            "max_overflow": engine_connections,
            "pool_timeout": CONNECT_SECONDS,
            "hide_parameters": True,
            "connect_args": {
                "timeout": CONNECT_SECONDS,
                "command_timeout": 10,
                "server_settings": {**SERVER_SETTINGS, **CUSTOM_PLANS, "role": role},
            },
        }
        self.engine: AsyncEngine = create_async_engine(sqlalchemy_url(url), **{**made, **(engine_settings or {})})
        sa.event.listen(self.engine.sync_engine, "checkout", _ensure_open)
        self.sessions: async_sessionmaker[AsyncSession] = async_sessionmaker(
            self.engine, expire_on_commit=False, info={"awake": self.awake}
        )
        self.pool: Any = None
        self.statements = Statements(self._connect_hot, size=hot_connections, seconds=CONNECT_SECONDS)
        """Single statements of the hottest path, as the pool's role."""
        self.read_pool = ReadPool(self._pool_of_readers, seconds=CONNECT_SECONDS)
        """What requests look up before their handler's session begins, as the engine's role."""

    def for_role(self, role: str, *, engine_connections: int) -> "Database":
        """The same database on connections of its own that become ``role``."""
        return Database(self._url, role=role, engine_connections=engine_connections, awake=self.awake)

    def with_dedicated_pool(self, *, connections: int, seconds: float) -> "Database":
        """The same database on ``connections`` of their own that nobody else keeps busy; they are waited for
        ``seconds``. They stay open, and keep the plans of what they run often.
        """
        settings = {
            "pool_size": connections,
            "max_overflow": 0,
            "pool_timeout": seconds,
            # The one used last has everything at hand.
            "pool_use_lifo": True,
            "connect_args": {
                "timeout": CONNECT_SECONDS,
                "command_timeout": 10,
                "server_settings": {**SERVER_SETTINGS, "role": self._role},
            },
        }
        return Database(self._url, role=self._role, awake=self.awake, engine_settings=settings)

    async def warm_up(self, connections: int, *, by: Sequence[CompiledStatement] = ()) -> None:
        """Open that many of the engine's connections, and run ``by`` on each with nothing given.

        A database that cannot be reached yet is left to the requests, which say so.
        """
        try:
            async with asyncio.timeout(CONNECT_SECONDS), AsyncExitStack() as opened:
                for _ in range(connections):
                    session = await opened.enter_async_context(self.sessions())
                    await set_tenant_context(session, None)
                    reader = await raw_connection(session)
                    for query in by:
                        await reader.warm_up(query)
        except Exception as error:
            if not is_outage(error):
                raise

    async def start(self) -> None:
        """Open the pools without connecting yet: a database that is down must not keep the server from starting."""
        self.pool = await self._create_pool(LOOKUP_ROLE, self._hot_connections)
        await self.read_pool.start()

    async def _connect_hot(self) -> Any:
        return await asyncpg.connect(**self._bare_settings(LOOKUP_ROLE))

    async def _pool_of_readers(self) -> Any:
        return await self._create_pool(self._role, self._reading_connections)

    async def _create_pool(self, role: str, size: int) -> Any:
        return await asyncpg.create_pool(
            min_size=0, max_size=size, connection_class=NoResetConnection, **self._bare_settings(role)
        )

    def _bare_settings(self, role: str) -> dict[str, Any]:
        return {
            "dsn": self._url.replace("postgres://", "postgresql://", 1),
            "timeout": CONNECT_SECONDS,
            "command_timeout": CONNECT_SECONDS,
            "server_settings": {**SERVER_SETTINGS, "role": role},
        }

    @asynccontextmanager
    async def tenant_session(
        self, organization_id: UUID | None, user_id: UUID | None = None
    ) -> AsyncIterator[AsyncSession]:
        """A transaction that sees one organization, and the places of one person."""
        async with self.sessions() as session:
            try:
                await set_tenant_context(session, organization_id, user_id)
            except Exception as error:
                if not is_outage(error):
                    raise
                # The connection may have died with the last server: a fresh one decides.
                await session.invalidate()
                await set_tenant_context(session, organization_id, user_id)
            yield session
            await session.commit()

    async def stop(self) -> None:
        self.statements.reset()
        self.read_pool.stop()
        if self.pool is not None:
            self.pool.terminate()
        await self.engine.dispose()


def _ensure_open(connection: Any, _: object, __: object) -> None:
    """Before each use, without asking the server: one that was closed by it is replaced."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def is_outage(error: BaseException) -> bool:
    """True when ``error`` means that the database cannot be reached or is going away, not that we asked wrongly."""
    if isinstance(error, DBAPIError):
        if isinstance(error, (OperationalError, InterfaceError)) or error.connection_invalidated:
            return True
        # SQLAlchemy's dialect knows few of the driver's exceptions by name; the driver's own stands behind its wrapper.
        driver = error.orig.__cause__ if error.orig is not None else None
        return driver is not None and is_outage(driver)
    return isinstance(
        error,
        (
            *CONNECTION_LOST,
            TimeoutError,
            PoolTimeout,
            asyncpg.TooManyConnectionsError,
            asyncpg.InvalidCatalogNameError,
            asyncpg.InvalidAuthorizationSpecificationError,
            asyncpg.ObjectNotInPrerequisiteStateError,  # the database is told to take no connections
        ),
    )


async def set_tenant_context(session: AsyncSession, organization_id: UUID | None, user_id: UUID | None = None) -> None:
    """Show the transaction under way one organization and one person; it ends with the transaction."""
    connection = await session.connection()
    await connection.exec_driver_sql(SET_TENANT_SQL, (str(organization_id or ""), str(user_id or "")))
