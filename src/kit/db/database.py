"""Access to the database as one role: an engine, its sessions, and two pools for statements without a session."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, cast
from uuid import UUID

import asyncpg
import sqlalchemy as sa
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import NullPool, QueuePool

from kit.actor import Actor
from kit.db.connector import Connector, NoResetConnection
from kit.db.outage import is_outage
from kit.db.pool_metrics import MeasuredQueuePool, meter_of
from kit.db.raw import (
    CompiledStatement,
    RawConnection,
    ReadPool,
    raw_connection,
    scope_statement,
)
from kit.db.statement_pool import StatementPool
from kit.db.tenant_session import ScopedSession, TenantScope

CONNECT_SECONDS = 1.5
"""The time that a request waits for a connection before it responds that the service is unavailable."""
PATIENT_CONNECT_SECONDS = 10.0
"""The time that commands and migrations wait for a connection."""
REQUEST_ROLE = "epoch_app"
"""The role of requests: row-level security shows it one organization at a time."""
LOOKUP_ROLE = "epoch_lookup"
"""The role that finds the organization of a token, a call or a key; it may read only the columns needed for that."""
ADMIN_ROLE = "epoch_admin"
"""The role of the command line and of jobs for all organizations."""
STAFF_ROLE = "epoch_staff"
"""The role of the back office: reads all organizations without their secrets, writes the tables of staff."""
INSTALLATION_URL = "installation_url"
"""The key of the public URL of the installation that uses the database, in a session's ``info``; see ``deployment``."""
SERVER_SETTINGS = {
    "statement_timeout": "5000",
    "idle_in_transaction_session_timeout": "15000",
}
# A generic plan estimates that a page has a tenth of all rows, and does not use the index. Look-ups of single rows keep
# their plans: see ``tenant_session``.
CUSTOM_PLANS = {"plan_cache_mode": "force_custom_plan"}


def create_engine(
    connector: Connector,
    role: str | None,
    settings: Mapping[str, str],
    seconds: float,
    *,
    command_seconds: float = 10,
    **pool: Any,
) -> AsyncEngine:
    """An engine whose connections ``connector`` opens as ``role``; ``pool`` is for SQLAlchemy's pool."""

    async def connect() -> Any:
        return await connector.open(role, seconds=seconds, command_timeout=command_seconds, settings=settings)

    return create_async_engine(
        "postgresql+asyncpg://",
        hide_parameters=True,
        connect_args={"async_creator_fn": connect, **connector.sqlalchemy_arguments},
        **pool,
    )


def owner_engine(url: str) -> AsyncEngine:
    """An engine without a pool as the user of ``url``: for migrations, whose statements may take long."""
    connector = Connector(url)

    async def connect() -> Any:
        return await connector.open(None, seconds=PATIENT_CONNECT_SECONDS)

    return create_async_engine("postgresql+asyncpg://", poolclass=NullPool, connect_args={"async_creator_fn": connect})


class Database:
    """One engine of one role and, for requests, two raw pools. ``start`` and ``stop`` run in the server's event loop.

    The URL is that of the database's owner, who runs migrations; each connection sets its role when it opens.
    """

    def __init__(
        self,
        url: str | Connector,
        *,
        role: str = REQUEST_ROLE,
        engine_connections: int = 10,
        guard_connections: int = 2,
        lookup_connections: int = 6,
        connect_seconds: float = CONNECT_SECONDS,
        wait_seconds: float | None = None,
        pool: str = "requests",
        installation_url: str | None = None,
    ) -> None:
        """Prepare the engine and the pools; nothing connects yet.

        ``connect_seconds`` is how long to wait for the server, and for a connection of the raw pools. ``wait_seconds``
        is how long a session waits for a connection of the engine; as long by default. ``pool`` names the engine's
        pool in metrics. Sessions carry ``installation_url`` in their ``info``, for ``DeploymentService``.
        """
        self._connector = Connector(url) if isinstance(url, str) else url
        self._role = role
        self._guard_connections = guard_connections
        self.connect_seconds = connect_seconds
        meter_of(pool)  # begins the pool's metrics series
        self._wait_seconds = connect_seconds if wait_seconds is None else wait_seconds
        self.engine: AsyncEngine = create_engine(
            self._connector,
            role,
            {**SERVER_SETTINGS, **CUSTOM_PLANS, **_lock_limit(role, connect_seconds)},
            connect_seconds,
            pool_size=engine_connections,
            max_overflow=0,
            pool_timeout=self._wait_seconds,
            poolclass=MeasuredQueuePool,
            pool_logging_name=pool,
            # The connection that was used last has most statements prepared.
            pool_use_lifo=True,
        )
        sa.event.listen(self.engine.sync_engine, "checkout", ensure_open)
        self._installation_url = installation_url
        info = {INSTALLATION_URL: installation_url}
        self.sessions: async_sessionmaker[AsyncSession] = async_sessionmaker(
            self.engine, expire_on_commit=False, info=info
        )
        self._scoped_sessions: async_sessionmaker[ScopedSession] = async_sessionmaker(
            self.engine, class_=ScopedSession, expire_on_commit=False, info=info
        )
        self.lookup_pool = StatementPool(
            self._connect_lookup, size=lookup_connections, seconds=connect_seconds, meter=meter_of("lookups")
        )
        """Single statements of the look-up role: the exchange, API keys, carrier callbacks, buffered writes."""
        self.read_pool = ReadPool(self._create_read_pool, seconds=connect_seconds, meter=meter_of("guards"))
        """Reads of guards before a handler's session begins, as the engine's role."""

    def for_role(
        self,
        role: str,
        *,
        engine_connections: int,
        wait_seconds: float | None = None,
        pool: str | None = None,
        url: str | None = None,
    ) -> "Database":
        """The same database with a separate engine for ``role``; ``url`` replaces this object's URL of it.

        ``pool`` names the engine's pool in metrics; the role's name by default.
        """
        return Database(
            url or self._connector,
            role=role,
            engine_connections=engine_connections,
            connect_seconds=self.connect_seconds,
            wait_seconds=wait_seconds,
            pool=pool or role,
            installation_url=self._installation_url,
        )

    @property
    def connections_in_use(self) -> int:
        """Connections in use, of the engine and of both pools."""
        return cast("QueuePool", self.engine.pool).checkedout() + self.read_pool.in_use + self.lookup_pool.in_use

    async def connect(self) -> Any:
        """Open a connection outside all pools, as the engine's role; the caller closes it."""
        return await self._connector.open(
            self._role, seconds=self.connect_seconds, command_timeout=10, settings=SERVER_SETTINGS
        )

    async def has_row(self, query: CompiledStatement, **given: object) -> bool:
        """True when ``query`` finds a row. For queries that are repeated often and mostly find nothing.

        It takes one round trip, without a transaction; a session takes three, and five times the processor time.
        """
        connection = await self.engine.raw_connection()
        try:
            return await RawConnection(connection.driver_connection).fetch_row(query, **given) is not None
        finally:
            connection.close()  # returns it to the pool

    async def warm_up(self, connections: int, *, statements: Sequence[CompiledStatement] = ()) -> None:
        """Open the connections of look-ups, and ``connections`` of the engine, on which ``statements`` are run.

        The parameters of the statements are NULL. An outage of the database is ignored here; requests report it.
        """
        try:
            await self.lookup_pool.warm_up()
            async with asyncio.timeout(self.connect_seconds), AsyncExitStack() as opened:
                for _ in range(connections):
                    session = await opened.enter_async_context(self.sessions())
                    await set_tenant_context(session, None, keep_plans=True)
                    reader = await raw_connection(session)
                    for query in statements:
                        await reader.warm_up(query)
        except Exception as error:
            if not is_outage(error):
                raise

    async def start(self) -> None:
        """Open the pools without a connection, so that the server also starts while the database is down."""
        await self.read_pool.start()

    async def _connect_lookup(self) -> Any:
        return await self._connect_raw(LOOKUP_ROLE)

    async def _create_read_pool(self) -> Any:
        return await asyncpg.create_pool(
            min_size=0,
            max_size=self._guard_connections,
            connection_class=NoResetConnection,
            connect=lambda *_, **__: self._connect_raw(self._role),
        )

    async def _connect_raw(self, role: str) -> Any:
        return await self._connector.open(
            role, seconds=self.connect_seconds, command_timeout=self.connect_seconds, settings=SERVER_SETTINGS
        )

    @asynccontextmanager
    async def tenant_session(
        self,
        organization_id: UUID | None,
        user_id: UUID | None = None,
        *,
        actor: Actor | None = None,
        keep_plans: bool = False,
        wait_seconds: float | None = None,
    ) -> AsyncIterator[AsyncSession]:
        """A transaction that sees the rows of one organization, and the memberships of one user. Begins at once.

        ``actor`` is the actor of its audit events if that is not the user: see ``set_tenant_context``. ``keep_plans``
        is for look-ups of single rows, whose plan suits every organization. ``wait_seconds`` is how long to wait for a
        connection, for callers that may wait longer than the engine's default.
        """
        async with self.new_tenant_session(
            organization_id, user_id, actor=actor, keep_plans=keep_plans, wait_seconds=wait_seconds
        ) as session:
            await session.open()
            yield session
            await session.commit()

    @property
    def wait_seconds(self) -> float:
        """The time that a session waits for a connection of the engine."""
        return self._wait_seconds

    def new_tenant_session(
        self,
        organization_id: UUID | None,
        user_id: UUID | None = None,
        *,
        actor: Actor | None = None,
        keep_plans: bool = False,
        wait_seconds: float | None = None,
    ) -> ScopedSession:
        """A session as of ``tenant_session``, but it begins with its first statement, and the caller commits it."""
        scope = TenantScope(
            organization_id=organization_id,
            user_id=user_id,
            actor=actor,
            keep_plans=keep_plans,
            wait_seconds=self._wait_seconds if wait_seconds is None else wait_seconds,
        )
        return self._scoped_sessions(info=scope.info())

    async def stop(self) -> None:
        self.lookup_pool.close_idle()
        self.read_pool.stop()
        await self.engine.dispose()


def _lock_limit(role: str, seconds: float) -> Mapping[str, str]:
    """The time limit of waits for a lock: ``seconds``, the same as for a connection.

    Jobs have none; the time limit of the whole statement ends their waits.
    """
    return {} if role == ADMIN_ROLE else {"lock_timeout": f"{seconds * 1000:.0f}"}


def ensure_open(connection: Any, _: object, __: object) -> None:
    """Make the pool replace a connection that the server closed: a listener of ``checkout``, without a round trip."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


async def set_tenant_context(
    session: AsyncSession,
    organization_id: UUID | None,
    user_id: UUID | None = None,
    *,
    actor: Actor | None = None,
    keep_plans: bool = False,
) -> None:
    """Set the organization and the user whose rows the session's transaction sees, and the actor of its audit events.

    The database refuses audit events of another actor than ``actor``. Without ``actor`` the user is the actor, and
    without a user the system.
    """
    connection = await session.connection()
    await connection.exec_driver_sql(*scope_statement(organization_id, user_id, actor, keep_plans=keep_plans))
