"""The back office as one Starlette application."""

from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from admin.back_office import BackOffice
from admin.reading import waiting_requests
from admin.web import door, pages
from kit.errors import DomainError

REQUESTS = 50
"""Upgrade requests on the first page."""


class Web:
    """The pages, and what the mount answers by itself."""

    note = staticmethod(pages.note)

    def __init__(self, office: BackOffice) -> None:
        self.templates = pages.environment(office.look, sandbox=office.settings.is_sandbox)
        routes = [*door.ROUTES, Route("/admin", index, methods=["GET"])]
        handlers: dict[Any, Any] = dict.fromkeys((DomainError, HTTPException, Exception), _on_error)
        self.app = Starlette(routes=routes, exception_handlers=handlers)
        # A redirect to the path with or without its slash would repeat whatever host the request names.
        self.app.router.redirect_slashes = False

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


async def _on_error(request: Request, error: Exception) -> Response:
    return await pages.problem(request, error)
