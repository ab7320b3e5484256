"""Read-only sessions: they read the read replica while its data are recent enough, else the database itself."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from kit.db.database import Database
from kit.db.replica import CONNECT_SECONDS, REPLAYED_SQL, ReadReplica
from kit.db.tenant_session import ScopedSession, TenantScope

T = TypeVar("T")
ANY_AGE = float("inf")
"""No limit beside ``max_lag_seconds`` of the replica."""


class ReadingSession(ScopedSession):
    """A read-only session of one organization.

    A statement that fails because of the replica is repeated on the database itself, and the session reads only the
    database itself from then on.
    """

    def __init__(
        self,
        primary: AsyncEngine,
        scope: TenantScope,
        *,
        replica: ReadReplica | None = None,
        engine: AsyncEngine | None = None,
        max_age: float = ANY_AGE,
    ) -> None:
        """``engine`` connects to ``replica``; without a replica the session reads ``primary``.

        ``max_age`` is the greatest age of the data in seconds.
        """
        super().__init__(engine or primary, expire_on_commit=False, info=scope.info())
        self._primary = primary
        self._replica = replica
        self._engine = engine
        self._max_age = max_age
        self.as_of: datetime | None = None
        """The replica had every change up to this time, by the database's clock; None for the database itself."""

    async def open(self) -> None:
        if self.in_transaction():
            return
        if self._replica is not None and not await self._open_on(self._replica):
            await self._use_primary()
        await super().open()

    async def connection(self, *args: Any, **kwargs: Any) -> AsyncConnection:
        return await self._read(partial(super().connection, *args, **kwargs))

    async def execute(self, *args: Any, **kwargs: Any) -> Any:
        return await self._read(partial(super().execute, *args, **kwargs))

    async def scalar(self, *args: Any, **kwargs: Any) -> Any:
        return await self._read(partial(super().scalar, *args, **kwargs))

    async def scalars(self, *args: Any, **kwargs: Any) -> Any:
        return await self._read(partial(super().scalars, *args, **kwargs))

    async def get(self, *args: Any, **kwargs: Any) -> Any:
        return await self._read(partial(super().get, *args, **kwargs))

    async def _read(self, run: Callable[[], Awaitable[T]]) -> T:
        try:
            return await run()
        except Exception as error:
            if self._replica is None or not self._replica.is_fault_of_replica(error):
                raise
            self._replica.record_failure(error)
        await self._use_primary()
        return await run()

    async def _open_on(self, replica: ReadReplica) -> bool:
        """Begin on the replica; False when its data are too old or it does not answer in time."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await super().open()
                connection = await super().connection()
                is_standby, replayed = tuple((await connection.exec_driver_sql(REPLAYED_SQL)).one())
        except Exception as error:
            if not replica.is_fault_of_replica(error):
                raise
            replica.record_failure(error)
            return False
        sample = replica.newest_sample(replayed) if is_standby else None
        if sample is None or not replica.is_recent_enough(sample, self._max_age):
            return False
        self.as_of = sample.primary_time
        return True

    async def _use_primary(self) -> None:
        self._replica = None
        await self.invalidate() if self.in_transaction() else await self.close()
        self.bind = self._primary
        self.sync_session.bind = self._primary.sync_engine


class ReadingSessionFactory:
    """Creates reading sessions: one factory for lists and reports, another one for exports."""

    def __init__(
        self,
        primary: Database,
        replica: ReadReplica | None = None,
        engine: AsyncEngine | None = None,
        *,
        max_age: float = ANY_AGE,
    ) -> None:
        """``engine`` connects to ``replica``. ``max_age`` is the greatest age of the data in seconds."""
        self._primary = primary
        self._replica = replica
        self._engine = engine
        self._max_age = max_age

    def with_max_age(self, max_age: float) -> "ReadingSessionFactory":
        """The same factory for data that are at most ``max_age`` seconds old; 0 reads the database itself."""
        return ReadingSessionFactory(self._primary, self._replica, self._engine, max_age=max_age)

    @property
    def as_of(self) -> datetime | None:
        """A session that begins now sees at least every change up to this time; None for the database itself."""
        if self._replica is None or not self._may_use_replica:
            return None
        return self._replica.as_of(self._max_age)

    def new_session(self, organization_id: UUID, user_id: UUID | None = None) -> ReadingSession:
        """A session that begins with its first statement. It is closed by the caller, and never committed."""
        scope = TenantScope(
            organization_id=organization_id,
            user_id=user_id,
            actor=None,
            keep_plans=False,
            wait_seconds=self._primary.wait_seconds,
            is_read_only=True,
        )
        if not self._may_use_replica:
            return ReadingSession(self._primary.engine, scope)
        return ReadingSession(
            self._primary.engine, scope, replica=self._replica, engine=self._engine, max_age=self._max_age
        )

    @asynccontextmanager
    async def tenant_session(self, organization_id: UUID) -> AsyncIterator[ReadingSession]:
        """A session for one batch of rows, closed at the end."""
        async with self.new_session(organization_id) as session:
            yield session

    @property
    def _may_use_replica(self) -> bool:
        if self._replica is None or self._engine is None or not self._replica.is_in_use or self._max_age <= 0:
            return False
        pool: Any = self._engine.pool
        # Without a free connection the database itself is read, so that no request waits for the replica's pool.
        return bool(pool.checkedout() < pool.size())
