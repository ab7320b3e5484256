"""From a page's address to a member, as the API's guards do from an organization's id."""

from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from accounts.auth import person, viewer
from dashboard.pages import MEMBERSHIPS_STATE
from kit.errors import NotFound
from kit.http.app_key import DATABASE
from tenants.auth import member_of
from tenants.memberships import places_of

Connection = ASGIConnection[Any, Any, Any, Any]


async def requires_membership(connection: Connection, _: BaseRouteHandler) -> None:
    """Somebody is signed in and belongs to the organization whose slug is in the path.

    Raises: NotSignedIn, NotFound, whether there is no such organization or it is not theirs.
    """
    actor, slug = person(connection), connection.path_params["slug"]
    user_id = viewer(connection).user_id
    database = DATABASE.get(connection.app)
    async with database.read_pool.tenant_scope(None, user_id) as reader:
        found = await places_of(reader, user_id, first=slug)
        if not found or found[0].slug != slug:
            raise NotFound
        await reader.set_tenant(found[0].organization_id, user_id)
        connection.scope["auth"] = await member_of(reader, found[0].organization_id, actor)
    connection.scope["state"][MEMBERSHIPS_STATE] = found


async def loads_memberships(connection: Connection, _: BaseRouteHandler) -> None:
    """Somebody is signed in; the switcher shows their organizations. Raises: NotSignedIn."""
    user_id = viewer(connection).user_id
    database = DATABASE.get(connection.app)
    async with database.read_pool.tenant_scope(None, user_id) as reader:
        connection.scope["state"][MEMBERSHIPS_STATE] = await places_of(reader, user_id)
