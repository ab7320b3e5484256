"""Guards of tenant-scoped routes. Each asks one rule; their order on a route is the order of its refusals."""

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
    """Somebody is signed in and belongs to the organization in the path, or a program holds a key of it.

    Raises: NotSignedIn, InvalidApiKey, NotFound, KeyReadOnly.
    """
    if has_api_key(connection):
        await authenticate_api_key(connection, connection.path_params["organization_id"])
    else:
        await load_member(connection, current_actor(connection))


async def requires_user_or_key(connection: Connection, _: BaseRouteHandler) -> None:
    """Somebody is signed in, or a program holds a key. Raises: NotSignedIn, InvalidApiKey, KeyReadOnly."""
    if has_api_key(connection):
        await authenticate_api_key(connection)
    else:
        current_viewer(connection)


def requires_role(at_least: Role) -> Callable[[Connection, BaseRouteHandler], None]:
    """The member's role is ``at_least`` this. Raises: RoleTooLow."""

    def guard(connection: Connection, _: BaseRouteHandler) -> None:
        rules.ensure_role(current_member(connection).role, at_least)

    return guard


def rejects_api_keys(connection: Connection, _: BaseRouteHandler) -> None:
    """Whoever asks is a person, not a program with a key. Raises: NotForKeys."""
    rules.ensure_not_api_key(current_member(connection).actor)


def requires_widget_plan(connection: Connection, _: BaseRouteHandler) -> None:
    """The organization's plan includes the widget. Raises: PlanTooLow."""
    rules.ensure_widget_plan(current_member(connection).plan)


def requires_phone_number(connection: Connection, _: BaseRouteHandler) -> None:
    """The organization has a number to call from. Raises: NoPhoneNumber."""
    rules.ensure_phone_number(current_member(connection).caller_id)
