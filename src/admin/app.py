"""The back office as one Starlette application."""

from typing import Any

from sqladmin import Admin
from sqladmin.authentication import AuthenticationBackend
from sqlalchemy.ext.asyncio import async_sessionmaker
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from admin import (
    bulk_actions,
    confirm_page,
    csv_export,
    pages,
)
from admin.auth import auth_pages
from admin.back_office import BackOffice
from admin.operations import operations_page
from admin.queries import waiting_requests
from admin.resources.records import VIEWS
from kit.errors import DomainError

REQUESTS = 50
"""Upgrade requests on the first page."""


class SignedIn(AuthenticationBackend):
    """The mount has looked who asks already; nothing is shown to nobody should it ever be passed by."""

    def __init__(self) -> None:
        self.middlewares = []

    async def authenticate(self, request: Request) -> bool:
        pages.viewer(request)
        return True


class Web:
    """The pages, and what the mount answers by itself."""

    note = staticmethod(pages.note)

    def __init__(self, office: BackOffice) -> None:
        self.templates = pages.environment(office.look, sandbox=office.settings.is_sandbox)
        handlers: dict[Any, Any] = dict.fromkeys((DomainError, HTTPException, Exception), _on_error)
        self.app = Starlette(routes=ROUTES, exception_handlers=handlers)
        records = self._records(office, handlers)
        self.templates.globals["views"] = records.views
        for application in (self.app, records.admin):
            # A redirect to the path with or without its slash would repeat whatever host the request names.
            application.router.redirect_slashes = False

    def _records(self, office: BackOffice, handlers: dict[Any, Any]) -> Admin:
        """sqladmin, as far as it reads: whatever else it can do has no route."""
        # A maker of its own: sqladmin reconfigures the one that it is given.
        reading = async_sessionmaker(office.reading.engine, expire_on_commit=False)
        admin = Admin(self.app, session_maker=reading, base_url="/admin", authentication_backend=SignedIn())
        admin.templates.env = self.templates
        for view in VIEWS:
            admin.add_view(view)
        routes = admin.admin.router.routes
        admin.admin.router.routes = [route for route in routes if getattr(route, "name", "") in {"list", "details"}]
        admin.admin.exception_handlers = handlers
        return admin

    async def problem(self, scope: Any, error: Exception) -> Response:
        """The page about ``error``."""
        return await pages.problem(Request(scope), error)

    def to_the_door(self, scope: Any) -> Response:
        """Sign in first."""
        return pages.to_the_door(Request(scope))


async def index(request: Request) -> Response:
    """The first page."""
    async with pages.office(request).reading.sessions() as session:
        requests = await waiting_requests(session, REQUESTS)
    return await pages.render(request, "office/index.html", requests=requests)


ROUTES = (
    *auth_pages.ROUTES,
    *operations_page.ROUTES,
    *confirm_page.ROUTES,
    *bulk_actions.ROUTES,
    csv_export.ROUTE,
    Route("/admin", index, methods=["GET"]),
)
"""All but sqladmin's."""


async def _on_error(request: Request, error: Exception) -> Response:
    return await pages.problem(request, error)
