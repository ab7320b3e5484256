"""Sessions that see the rows of one organization. They connect with their first statement, not when created."""

import asyncio
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import Session, SessionTransaction

from kit.actor import Actor
from kit.db.outage import is_outage
from kit.db.raw import scope_statement

_SCOPE = "tenant_scope"
"""The key of the ``TenantScope`` in a session's ``info``."""


class TenantScope(msgspec.Struct, frozen=True, kw_only=True):
    """The rows that a session sees, and the time that it waits for a connection."""

    organization_id: UUID | None
    user_id: UUID | None
    actor: Actor | None
    """The actor of audit events, if it is not the user."""
    keep_plans: bool
    wait_seconds: float
    is_read_only: bool = False

    def info(self) -> dict[str, "TenantScope"]:
        """The ``info`` of a session with this scope."""
        return {_SCOPE: self}


class ScopedSyncSession(Session):
    """Sets the organization, the user and the actor at the beginning of each transaction."""


@sa.event.listens_for(ScopedSyncSession, "after_begin")
def _set_scope(session: Session, transaction: SessionTransaction, connection: sa.Connection) -> None:
    if transaction.nested:
        return
    scope: TenantScope = session.info[_SCOPE]
    connection.exec_driver_sql(
        *scope_statement(
            scope.organization_id,
            scope.user_id,
            scope.actor,
            keep_plans=scope.keep_plans,
            is_read_only=scope.is_read_only,
        )
    )


class ScopedSession(AsyncSession):
    """A session of a ``TenantScope``.

    It has no connection before its first statement. So a request that is refused before its handler runs opens no
    connection, and a request cannot be cancelled while its session connects before the handler runs.
    """

    sync_session_class = ScopedSyncSession

    async def open(self) -> None:
        """Connect and begin, unless a transaction has begun. Repeated once when the pool's connection was lost."""
        if self.in_transaction():
            return
        scope: TenantScope = self.info[_SCOPE]
        loop = asyncio.get_running_loop()
        deadline = loop.time() + scope.wait_seconds
        try:
            await super().connection()
        except Exception as error:
            if not is_outage(error) or loop.time() >= deadline:
                raise
            # The connection was lost, or none was free and this caller may wait longer.
            await self.invalidate()
            await super().connection()

    # The methods that can send a session's first statement.

    async def connection(self, *args: Any, **kwargs: Any) -> AsyncConnection:
        await self.open()
        return await super().connection(*args, **kwargs)

    async def execute(self, *args: Any, **kwargs: Any) -> Any:
        await self.open()
        return await super().execute(*args, **kwargs)

    async def scalar(self, *args: Any, **kwargs: Any) -> Any:
        await self.open()
        return await super().scalar(*args, **kwargs)

    async def scalars(self, *args: Any, **kwargs: Any) -> Any:
        await self.open()
        return await super().scalars(*args, **kwargs)

    async def get(self, *args: Any, **kwargs: Any) -> Any:
        await self.open()
        return await super().get(*args, **kwargs)
