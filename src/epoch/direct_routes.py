"""The application class: Litestar, except that widget requests and frequent carrier callbacks skip its routing."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from litestar import Litestar
from litestar.handlers import ASGIRouteHandler
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp

from epoch.observed_response import ObservedResponse
from kit.http.client_ip_address import ClientIpAddressResolver
from kit.http.pacing import Pacing
from kit.http.security_headers import SecurityHeaders


class Application(Litestar):
    """Litestar, except that requests to direct handlers skip its routing, exception handling and state.

    Direct handlers answer everything themselves, errors and security headers included. Litestar's own processing would
    add a fifth to their cost (docs/decisions/0020). They stay routes of Litestar too, for other spellings of their
    paths, such as a trailing slash.
    """

    direct_handlers: Mapping[str, ASGIApp] = {}
    """Direct handlers of all methods, by the exact path of the request."""
    direct_posts: Mapping[str, ASGIApp] = {}
    """Direct handlers of POST alone, by path: routes of Litestar answer other methods."""
    client_resolver: ClientIpAddressResolver | None = None
    """Finds the client's IP address of each request, before anything reads it."""
    security_headers: SecurityHeaders | None = None
    """Completes the headers of each answer, also of errors; direct handlers use it themselves."""
    pacing: Pacing | None = None
    """Lets requests of one path begin one after the other, except those of direct handlers."""

    def add_direct_handlers(self, handlers: Iterable[ASGIRouteHandler]) -> None:
        """Let ``handlers``, which are routes already and need neither guards nor state, answer their exact paths."""
        self.direct_handlers = {path: handler.fn for handler in handlers for path in handler.paths}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        scope, send = _normalize(scope, send)
        answer = ObservedResponse(scope, send)
        try:
            await self._answer(scope, receive, answer)
        finally:
            answer.end()

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        if self.client_resolver is not None:
            self.client_resolver.resolve(scope)
        if (handler := self.direct_handlers.get(scope["path"])) is not None:
            await handler(scope, receive, send)
            return
        if scope["method"] == "POST" and (handler := self.direct_posts.get(scope["path"])) is not None:
            await handler(scope, receive, send)
            return
        if self.security_headers is not None:
            send = self.security_headers.wrap(send)
        if self.pacing is not None:
            await self.pacing.wait(scope["path"])
        if scope["method"] == "OPTIONS":
            send = self._complete_allow(scope, send)
        await super().__call__(scope, receive, send)

    def _complete_allow(self, scope: Any, send: Any) -> Any:
        """Complete the ``Allow`` header: where handlers share a path, Litestar names only the first one's methods."""

        async def send_with_methods(message: Any) -> None:
            if message["type"] == "http.response.start":
                names = {name.lower() for name, _ in message["headers"]}
                if b"allow" in names and (methods := self._methods.get(scope.get("path_template"))) is not None:
                    others = [header for header in message["headers"] if header[0].lower() != b"allow"]
                    message["headers"] = [*others, (b"allow", methods)]
            await send(message)

        return send_with_methods

    @cached_property
    def _methods(self) -> Mapping[str, bytes]:
        """The value of ``Allow`` for each path that Litestar routes."""
        routes = [route for route in self.routes if isinstance(route, HTTPRoute)]
        return {route.path_format: _allow_value(route.methods) for route in routes}


def _allow_value(methods: Iterable[str]) -> bytes:
    found = {str(method) for method in methods}
    return ", ".join(sorted(found | {"HEAD"} if "GET" in found else found)).encode()


def _normalize(scope: Any, send: Any) -> tuple[Any, Any]:
    """Turn HEAD into a GET whose body is not sent, and replace NUL in the path.

    PostgreSQL cannot store NUL, so no row has such a path: with another character in its place the answer is 404.
    """
    if "\0" in scope["path"]:
        scope = {**scope, "path": scope["path"].replace("\0", "\ufffd")}
    if scope["method"] != "HEAD":
        return scope, send

    async def send_without_body(message: Any) -> None:
        if message["type"] == "http.response.body":
            if message.get("more_body", False):
                return
            message = {"type": "http.response.body", "body": b"", "more_body": False}
        await send(message)

    return {**scope, "method": "GET"}, send_without_body
