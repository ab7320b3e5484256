"""From cookie to person: one look-up per request that carries a session, none for anybody else."""

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
from kit.http.csrf import cookie_value, has_bearer
from kit.http.sessions import MissingGuard, UserContext


def cookie_name(public_url: str) -> str:
    """The session cookie's name: over https the browser itself holds it to this host."""
    return "__Host-sid" if public_url.startswith("https://") else "sid"


def session_cookie(public_url: str, raw: str | None) -> Cookie:
    """The cookie that carries the session id ``raw``, or that takes it away when None."""
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
    """Puts the ``Viewer``, or None, into the scope as ``user``."""

    def __init__(self, app: ASGIApp, *, public_url: str) -> None:
        self._app = app
        self._cookie = cookie_name(public_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.WEBSOCKET:
            headers = Headers.from_scope(scope)
            raw = cookie_value(headers.get("cookie", ""), self._cookie)
            scope["user"] = None
            if raw and not has_bearer(headers):
                # From the application: what a middleware is given is copied with the routes, and a pool cannot be.
                database = DATABASE.get(scope["litestar_app"])
                scope["user"] = await find_viewer(database, raw, utc_now())
        await self._app(scope, receive, send)


def requires_user(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Guard: somebody is signed in. Raises: NotSignedIn."""
    current_viewer(connection)


def current_viewer(connection: ASGIConnection[Any, Any, Any, Any]) -> Viewer:
    """The person behind the request. Raises: NotSignedIn."""
    found = connection.scope["user"]
    if not isinstance(found, Viewer):
        raise NotSignedIn
    return found


def provide_user_context(request: Request[Any, Any, Any]) -> UserContext:
    """The user who is signed in, for the handler's ``user_session``. Raises: MissingGuard, when there is none."""
    found = request.scope.get("user")
    if not isinstance(found, Viewer):
        raise MissingGuard(request, session="user_session", guards="requires_user, knows_places")
    return UserContext(found.user_id)


def current_actor(connection: ASGIConnection[Any, Any, Any, Any]) -> Actor:
    """The person behind the request, as the audit trail names them. Raises: NotSignedIn."""
    found = current_viewer(connection)
    address = "" if connection.client is None else connection.client.host
    return Actor(ActorKind.USER, found.user_id, found.email, address)


def browser_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Browser:
    """Where a request comes from."""
    address = "" if connection.client is None else connection.client.host
    return Browser(address=address, user_agent=connection.headers.get("user-agent", ""))


def raw_session_id(connection: ASGIConnection[Any, Any, Any, Any]) -> str | None:
    """The raw session id that the request shows, whatever it is worth."""
    public_url: str = SETTINGS.get(connection.app).public_url
    return cookie_value(connection.headers.get("cookie", ""), cookie_name(public_url))
