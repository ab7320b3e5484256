"""Mounts the back office at ``/admin`` and checks network, origin and session of each request.

Starlette and sqladmin are imported with the first request, in a thread: most workers never need them, and no customer's
request waits for the import.
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
from admin.rules import is_allowed_network
from kit.errors import DomainError
from kit.http.asgi import read_body, replay_body
from kit.http.client_ip_address import client_ip_address
from kit.http.csrf import SAFE_METHODS, cookie_value, ensure_own_origin
from kit.http.forms import FORM_BYTES

ADMIN_PATH = "/admin"
STAFF_SESSION_COOKIE = "epoch_staff"
PUBLIC_PATHS = ("/login", "/second-step", "/join/")
"""Paths below ``ADMIN_PATH`` that need no session."""
OPERATIONS_REFRESH_PATH = f"{ADMIN_PATH}/operations/now"
"""An open page requests this path every few seconds, so a request to it does not extend the session."""
# No other key of the outer scope reaches the back office, above all not the customers' session and state.
_PASSED_SCOPE_KEYS = (
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


class AdminMount:
    """The ASGI application below ``ADMIN_PATH``."""

    def __init__(self, back_office: BackOffice) -> None:
        self._back_office = back_office
        self._loading = asyncio.Lock()
        self._admin_app: Any = None

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Raises: NotFoundException, for other paths and for networks that are not allowed."""
        path = _requested_path(scope)
        ip_address = client_ip_address(scope)
        if not is_allowed_network(ip_address, self._back_office.settings.admin_networks):
            raise NotFoundException
        headers, admin_app = Headers.from_scope(scope), await self._load()
        state: dict[str, Any] = {
            "back_office": self._back_office,
            "templates": admin_app.templates,
            "session_token": None,
            "viewer": None,
        }
        inner: Any = {key: scope[key] for key in _PASSED_SCOPE_KEYS if key in scope}
        inner |= {"path": path, "root_path": "", "state": state}
        send = self._with_headers(send)
        responder: ASGIApp = admin_app.app
        try:
            if scope["method"] not in SAFE_METHODS:
                ensure_own_origin(headers, self._back_office.settings.public_url, is_required=True)
                receive = replay_body(await read_body(receive, limit=FORM_BYTES), receive)
            token = cookie_value(headers.get("cookie", ""), STAFF_SESSION_COOKIE)
            state["session_token"] = token
            is_activity = path != OPERATIONS_REFRESH_PATH
            if token:
                staff_auth = self._back_office.staff_auth
                state["viewer"] = await staff_auth.find_viewer(token, ip_address, is_activity=is_activity)
            if state["viewer"] is None and not path.removeprefix(ADMIN_PATH).startswith(PUBLIC_PATHS):
                responder = admin_app.redirect_to_sign_in(inner)
            elif scope["method"] == "OPTIONS":
                responder = admin_app.describe_methods(inner)
        except DomainError as refusal:
            responder = await admin_app.render_problem(inner, refusal)
        except Exception as error:
            responder = await admin_app.render_problem(inner, error)
        try:
            await responder(inner, receive, send)
        except Exception as error:
            # The error page has been sent already.
            admin_app.log_fault(path, error)

    async def _load(self) -> Any:
        async with self._loading:
            if self._admin_app is None:
                module = await to_thread.run_sync(import_module, "admin.app")
                self._admin_app = module.AdminApp(self._back_office)
        return self._admin_app

    def _with_headers(self, send: Send) -> Send:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message.setdefault("headers", [])
                response_headers = MutableScopeHeaders.from_message(message)
                for name, value in self._back_office.theme.headers.items():
                    response_headers.setdefault(name, value)
            await send(message)

        return with_headers


def admin_route(back_office: BackOffice) -> ASGIRouteHandler:
    """The application's route to the back office."""
    admin_mount = AdminMount(back_office)

    @asgi(ADMIN_PATH, is_mount=True, copy_scope=True, name="admin")
    async def admin(scope: Scope, receive: Receive, send: Send) -> None:
        await admin_mount(scope, receive, send)

    return admin


def _requested_path(scope: Scope) -> str:
    """The whole requested path. Litestar removes the mount's prefix from the scope's path, and matches ``/adminx`` too.

    Raises: NotFoundException, for a path that is not below ``ADMIN_PATH``.
    """
    path = unquote(scope["raw_path"].split(b"?", 1)[0].decode("ascii", errors="replace"))
    if path != ADMIN_PATH and not path.startswith(f"{ADMIN_PATH}/"):
        raise NotFoundException
    return path.rstrip("/")
