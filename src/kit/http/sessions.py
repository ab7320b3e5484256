"""Database sessions that handlers ask for by name: ``db_session`` for one organization, ``user_session`` for one user.

Row-level security shows a session only what its context names, and nothing without one. So the context is a typed
dependency of the session: authentication provides it, and a handler that no guard protects is an error, not an empty
page.
"""

from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request
from litestar.datastructures import State
from litestar.di import NamedDependency
from sqlalchemy.ext.asyncio import AsyncSession

from kit.http.app_key import DATABASE


class MissingGuard(Exception):
    """A handler asks for a session whose context none of its guards loaded: a fault of the program."""

    def __init__(self, request: Request[Any, Any, Any], *, session: str, guards: str) -> None:
        super().__init__(
            f"{request.route_handler} asks for {session}, but has none of the guards that load it: {guards}"
        )


class TenantContext(msgspec.Struct, frozen=True):
    """The organization, and the user unless a program asks, that a request's session sees."""

    organization_id: UUID
    user_id: UUID | None


class UserContext(msgspec.Struct, frozen=True):
    """The user that a request's session sees, without any organization."""

    user_id: UUID


async def provide_tenant_session(
    request: Request[Any, Any, State], tenant_context: NamedDependency[TenantContext]
) -> AsyncGenerator[AsyncSession, None]:
    """A session that commits when the handler returns and rolls back when it raises.

    The commit runs before the response is sent, so no client is told of a change that did not last.
    """
    database = DATABASE.get(request.app)
    async with database.tenant_session(tenant_context.organization_id, tenant_context.user_id) as session:
        yield session


async def provide_user_session(
    request: Request[Any, Any, State], user_context: NamedDependency[UserContext]
) -> AsyncGenerator[AsyncSession, None]:
    """As ``provide_tenant_session``, for handlers that belong to no organization."""
    async with DATABASE.get(request.app).tenant_session(None, user_context.user_id) as session:
        yield session
