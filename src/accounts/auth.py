"""Authenticates customers' requests by the session cookie: the cookie, the middleware that finds the signed-in person,
the guard, and the functions by which handlers get the person.
"""

from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie, Headers
from litestar.enums import ScopeType
from litestar.handlers.base import BaseRouteHandler
from litestar.types import ASGIApp, Receive, Scope, Send

from accounts.errors import NotSignedIn
from accounts.sessions import SESSION_LIFETIME, Browser, Viewer, find_viewer
from kit.actor import Actor, ActorKind
from kit.clock import utc_now
from kit.http.app_key import DATABASE, SETTINGS
from kit.http.client_ip_address import client_ip_address
from kit.http.csrf import cookie_value, has_bearer
from kit.http.sessions import MissingGuard, UserContext


def cookie_name(public_url: str) -> str:
    """The session cookie's name; with https the prefix ``__Host-`` binds it to this host."""
    return "__Host-sid" if public_url.startswith("https://") else "sid"


def session_cookie(public_url: str, raw: str | None) -> Cookie:
    """The cookie with the raw session id, or the one that deletes it when ``raw`` is None."""
    return Cookie(
        key=cookie_name(public_url),
        value=raw or "",
        max_age=int(SESSION_LIFETIME.total_seconds()) if raw else 0,
        path="/",
        httponly=True,
        secure=public_url.startswith("https://"),
        samesite="lax",
    )


class SessionMiddleware:
    """Sets ``user`` in the scope to the ``Viewer`` or None, with one database lookup for requests with a cookie."""

    def __init__(self, app: ASGIApp, *, public_url: str) -> None:
        self._app = app
        self._cookie = cookie_name(public_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.WEBSOCKET:
            headers = Headers.from_scope(scope)
            raw = cookie_value(headers.get("cookie", ""), self._cookie)
            scope["user"] = None
            if raw and not has_bearer(headers):
                # Read from the application: Litestar copies a middleware's arguments, and a pool cannot be copied.
                database = DATABASE.get(scope["litestar_app"])
                scope["user"] = await find_viewer(database, raw, utc_now())
        await self._app(scope, receive, send)


def requires_user(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Guard: require a signed-in person. Raises: NotSignedIn."""
    current_viewer(connection)


def current_viewer(connection: ASGIConnection[Any, Any, Any, Any]) -> Viewer:
    """The signed-in person. Raises: NotSignedIn."""
    found = connection.scope["user"]
    if not isinstance(found, Viewer):
        raise NotSignedIn
    return found


def provide_user_context(request: Request[Any, Any, Any]) -> UserContext:
    """The signed-in user, for the handler's ``user_session``. Raises: MissingGuard, when nobody is signed in."""
    found = request.scope.get("user")
    if not isinstance(found, Viewer):
        raise MissingGuard(request, session="user_session", guards="requires_user, loads_memberships")
    return UserContext(found.user_id)


def current_actor(connection: ASGIConnection[Any, Any, Any, Any]) -> Actor:
    """The signed-in person as the actor of the audit log. Raises: NotSignedIn."""
    found = current_viewer(connection)
    return Actor(ActorKind.USER, found.user_id, found.email, client_ip_address(connection.scope))


def browser_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Browser:
    """IP address and user agent of a request."""
    return Browser(ip_address=client_ip_address(connection.scope), user_agent=connection.headers.get("user-agent", ""))


def raw_session_id(connection: ASGIConnection[Any, Any, Any, Any]) -> str | None:
    """The raw session id of the request, valid or not."""
    public_url: str = SETTINGS.get(connection.app).public_url
    return cookie_value(connection.headers.get("cookie", ""), cookie_name(public_url))
