"""Database sessions injected into handlers: ``db_session`` for one organization, ``user_session`` for one user.

``reading_session`` is for lists and reports of one organization, whose data may be some seconds old.

Row-level security shows a session only the rows of its context, and no rows without a context. So the context is a
typed dependency of the session. Guards provide it; a handler without such a guard raises an error instead of showing an
empty page.

A provider ends without an error when its request is cancelled. Litestar throws the cancellation into one provider after
the other, and would not close the providers after one that raises it; at the end it raises the cancellation itself.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request
from litestar.datastructures import State
from litestar.di import NamedDependency
from sqlalchemy.ext.asyncio import AsyncSession

from kit.actor import Actor
from kit.db.reading_session import ReadingSession
from kit.http.app_key import DATABASE, READING_SESSIONS
from kit.http.data_age import accepted_age, register_reading_session


class MissingGuard(Exception):
    """A handler uses a session, but none of its guards loaded the session's context: a programming error."""

    def __init__(self, request: Request[Any, Any, Any], *, session: str, guards: str) -> None:
        super().__init__(
            f"{request.route_handler} asks for {session}, but has none of the guards that load it: {guards}"
        )


class TenantContext(msgspec.Struct, frozen=True):
    """The organization and the user whose rows a request's session sees; no user when an API key is used."""

    organization_id: UUID
    user_id: UUID | None
    actor: Actor | None = None


class UserContext(msgspec.Struct, frozen=True):
    """The user whose rows a request's session sees, without an organization."""

    user_id: UUID


async def provide_tenant_session(
    request: Request[Any, Any, State], tenant_context: NamedDependency[TenantContext]
) -> AsyncGenerator[AsyncSession, None]:
    """A session that commits when the handler returns and rolls back when it raises.

    The commit runs before the response is sent, so that no response reports a change that was not committed.

    Nothing is awaited before the handler runs, and this generator uses no other generator: Litestar cancels or abandons
    a provider when another parameter is refused (docs/decisions/0145).
    """
    database = DATABASE.get(request.app)
    organization_id, user_id = tenant_context.organization_id, tenant_context.user_id
    async with database.new_tenant_session(organization_id, user_id, actor=tenant_context.actor) as session:
        try:
            yield session
        except asyncio.CancelledError:
            return
        await session.commit()


async def provide_reading_session(
    request: Request[Any, Any, State], tenant_context: NamedDependency[TenantContext]
) -> AsyncGenerator[ReadingSession, None]:
    """A read-only session for lists and reports: reads the replica if the request accepts the age of its data.

    As with ``provide_tenant_session`` nothing is awaited before the handler runs.
    """
    factory = READING_SESSIONS.get(request.app).with_max_age(accepted_age(request))
    async with factory.new_session(tenant_context.organization_id, tenant_context.user_id) as session:
        register_reading_session(request, session)
        with suppress(asyncio.CancelledError):
            yield session


async def provide_user_session(
    request: Request[Any, Any, State], user_context: NamedDependency[UserContext]
) -> AsyncGenerator[AsyncSession, None]:
    """As ``provide_tenant_session``, for handlers without an organization."""
    async with DATABASE.get(request.app).new_tenant_session(None, user_context.user_id) as session:
        try:
            yield session
        except asyncio.CancelledError:
            return
        await session.commit()
