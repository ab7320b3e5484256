"""Refuses requests that a website sends to the sandbox carrier through a developer's browser."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class LocalRequestsOnly:
    """Requires a loopback name with this server's port as ``Host``, and refuses requests from pages of other sites.

    A name that only resolves to this machine (DNS rebinding) is not a loopback name. WebSockets pass: pages with the
    phone use them for signalling, and they need an access token.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _is_local(Headers(scope=scope), scope["server"]):
            await self._app(scope, receive, send)
            return
        message = (
            "The sandbox carrier accepts requests of programs on this machine only, at http://localhost with its port;"
            " it refuses requests of web pages"
        )
        await JSONResponse({"message": message}, 403)(scope, receive, send)


def _is_local(headers: Headers, server: tuple[str, int | None] | None) -> bool:
    if "origin" in headers or headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return False
    try:
        host = urlsplit(f"//{headers.get('host', '')}")
        port = host.port or 80
        return _is_loopback(host.hostname or "") and (server is None or server[1] in (None, port))
    except ValueError:
        return False


def _is_loopback(name: str) -> bool:
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"
