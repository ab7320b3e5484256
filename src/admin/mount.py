"""``/admin`` inside the application: who is let through at all, and to what.

Staff are few and come late: the web framework behind these pages is loaded with their first request, in a thread, so
that no customer's request waits for it.
"""

import asyncio
from importlib import import_module
from typing import Any
from urllib.parse import unquote

import structlog
from anyio import to_thread
from litestar import asgi
from litestar.datastructures import Headers, MutableScopeHeaders
from litestar.exceptions import NotFoundException
from litestar.handlers import ASGIRouteHandler
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from admin.back_office import BackOffice
from admin.rules import is_admitted
from kit.errors import DomainError
from kit.http.asgi import read_body, replay_body
from kit.http.csrf import SAFE_METHODS, cookie_value, ensure_own_source
from kit.http.forms import FORM_BYTES

BASE = "/admin"
COOKIE = "epoch_staff"
OPEN_TO_ANYBODY = ("/login", "/second-step", "/join/")
"""Below ``BASE``: the door itself."""
BY_ITSELF = f"{BASE}/operations/now"
"""What an open page asks for again and again, whether or not somebody sits before it: it keeps no session alive."""
# Nothing else of the outer scope goes in, and nothing comes out: sessions and state of customers' pages least of all.
_KEPT = (
    "type",
    "asgi",
    "http_version",
    "method",
    "scheme",
    "query_string",
    "headers",
    "client",
    "server",
    "extensions",
    "raw_path",
)
log = structlog.get_logger("epoch.admin")


class Mount:
    """Answers everything below ``BASE``."""

    def __init__(self, office: BackOffice) -> None:
        self._office = office
        self._loading = asyncio.Lock()
        self._web: Any = None

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Raises: NotFoundException, for paths that are not ours and addresses that are not let in."""
        path = _path(scope)
        address = scope["client"][0] if scope["client"] else ""
        if not is_admitted(address, self._office.settings.admin_networks):
            raise NotFoundException
        headers, web = Headers.from_scope(scope), await self._load()
        state: dict[str, Any] = {"office": self._office, "templates": web.templates, "raw": None, "viewer": None}
        inner: Any = {key: scope[key] for key in _KEPT if key in scope}
        inner |= {"path": path, "root_path": "", "state": state}
        send = self._with_headers(send)
        answer: ASGIApp = web.app
        try:
            if scope["method"] not in SAFE_METHODS:
                ensure_own_source(headers, self._office.settings.public_url, stated=True)
                receive = replay_body(await read_body(receive, limit=FORM_BYTES), receive)
            raw = cookie_value(headers.get("cookie", ""), COOKIE)
            state["raw"] = raw
            is_activity = path != BY_ITSELF
            state["viewer"] = await self._office.door.viewer(raw, address, is_activity=is_activity) if raw else None
            if state["viewer"] is None and not path.removeprefix(BASE).startswith(OPEN_TO_ANYBODY):
                answer = web.to_the_door(inner)
        except DomainError as refusal:
            answer = await web.problem(inner, refusal)
        except Exception as error:
            answer = await web.problem(inner, error)
        try:
            await answer(inner, receive, send)
        except Exception as error:
            # The page that says so has been sent already.
            web.note(path, error)

    async def _load(self) -> Any:
        async with self._loading:
            if self._web is None:
                module = await to_thread.run_sync(import_module, "admin.app")
                self._web = module.Web(self._office)
        return self._web

    def _with_headers(self, send: Send) -> Send:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message.setdefault("headers", [])
                found = MutableScopeHeaders.from_message(message)
                for name, value in self._office.look.headers.items():
                    found.setdefault(name, value)
            await send(message)

        return with_headers


def mount(office: BackOffice) -> ASGIRouteHandler:
    """The back office as a route of the application."""
    answer = Mount(office)

    @asgi(BASE, is_mount=True, copy_scope=True, name="admin")
    async def admin(scope: Scope, receive: Receive, send: Send) -> None:
        await answer(scope, receive, send)

    return admin


def _path(scope: Scope) -> str:
    """The whole path as it was asked for; the mount's own is shortened, and its prefix matches ``/adminx`` too."""
    path = unquote(scope["raw_path"].split(b"?", 1)[0].decode("ascii", errors="replace"))
    if path != BASE and not path.startswith(f"{BASE}/"):
        raise NotFoundException
    return path.rstrip("/")
