"""Guards of pages: require a member of the organization whose slug is in the path, or any signed-in person, and load
what the navigation shows.
"""

from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from accounts.auth import current_actor, current_viewer
from calls.incoming.missed_calls import navigation_counts
from dashboard.pages import MEMBERSHIPS_STATE, UNHEARD_STATE, UNSEEN_MISSED_STATE
from kit.errors import NotFound
from kit.http.app_key import DATABASE
from tenants.auth import find_member
from tenants.memberships import memberships_of

Connection = ASGIConnection[Any, Any, Any, Any]


async def requires_membership(connection: Connection, _: BaseRouteHandler) -> None:
    """Require a signed-in member of the organization whose slug is in the path.

    Raises: NotSignedIn; NotFound, both for an unknown organization and for one of which the person is no member.
    """
    actor, slug = current_actor(connection), connection.path_params["slug"]
    user_id = current_viewer(connection).user_id
    database = DATABASE.get(connection.app)
    async with database.read_pool.tenant_scope(None, user_id) as reader:
        found = await memberships_of(reader, user_id, first=slug)
        if not found or found[0].slug != slug:
            raise NotFound
        await reader.set_tenant(found[0].organization_id, user_id)
        connection.scope["auth"] = await find_member(reader, found[0].organization_id, actor)
        if isinstance(connection, Request) and connection.method == "GET" and "hx-request" not in connection.headers:
            counts = await navigation_counts(reader, found[0].organization_id, user_id)
            connection.scope["state"][UNSEEN_MISSED_STATE] = counts.missed
            connection.scope["state"][UNHEARD_STATE] = counts.unheard
    connection.scope["state"][MEMBERSHIPS_STATE] = found


async def loads_memberships(connection: Connection, _: BaseRouteHandler) -> None:
    """Require a signed-in person and load their organizations for the switcher. Raises: NotSignedIn."""
    user_id = current_viewer(connection).user_id
    database = DATABASE.get(connection.app)
    async with database.read_pool.tenant_scope(None, user_id) as reader:
        connection.scope["state"][MEMBERSHIPS_STATE] = await memberships_of(reader, user_id)
