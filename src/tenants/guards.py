"""Guards of tenant-scoped routes. Each checks one rule; a route refuses in the order of its guards."""

from collections.abc import Callable
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from accounts.auth import current_actor, current_viewer
from tenants import rules
from tenants.api_keys.auth import authenticate_api_key, has_api_key
from tenants.auth import current_member, load_member
from tenants.models import Role

Connection = ASGIConnection[Any, Any, Any, Any]


async def requires_member(connection: Connection, _: BaseRouteHandler) -> None:
    """Require a signed-in member of the organization in the path, or one of its API keys.

    Raises: NotSignedIn, InvalidApiKey, NotFound, KeyReadOnly.
    """
    if has_api_key(connection):
        await authenticate_api_key(connection, connection.path_params["organization_id"])
    else:
        await load_member(connection, current_actor(connection))


async def requires_user_or_key(connection: Connection, _: BaseRouteHandler) -> None:
    """Require a signed-in person or an API key. Raises: NotSignedIn, InvalidApiKey, KeyReadOnly."""
    if has_api_key(connection):
        await authenticate_api_key(connection)
    else:
        current_viewer(connection)


def requires_role(minimum: Role) -> Callable[[Connection, BaseRouteHandler], None]:
    """Make a guard that requires the role ``minimum`` or a higher one. The guard raises: RoleTooLow."""

    def guard(connection: Connection, _: BaseRouteHandler) -> None:
        rules.ensure_role(current_member(connection).role, minimum)

    return guard


def rejects_api_keys(connection: Connection, _: BaseRouteHandler) -> None:
    """Require a person, not an API key. Raises: UserRequired."""
    rules.ensure_not_api_key(current_member(connection).actor)


def requires_widget_plan(connection: Connection, _: BaseRouteHandler) -> None:
    """Require a plan that includes the widget. Raises: PlanTooLow."""
    rules.ensure_widget_plan(current_member(connection).plan)


def requires_phone_number(connection: Connection, _: BaseRouteHandler) -> None:
    """Require a number to call from. Raises: NoPhoneNumber."""
    rules.ensure_phone_number(current_member(connection).caller_id)
