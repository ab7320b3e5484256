"""The Starlette application of the back office: its own routes, and sqladmin's lists and detail pages."""

from collections.abc import Sequence
from types import new_class
from typing import Any

from sqladmin import Admin
from sqladmin.authentication import AuthenticationBackend
from sqlalchemy.ext.asyncio import async_sessionmaker
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Mount, Route

from admin import csv_export, page_helpers
from admin.actions import bulk_confirm_page, confirm_page
from admin.auth import auth_pages, passkey_pages
from admin.back_office import BackOffice
from admin.base_view import RecordView
from admin.menu import account_entry, build_menu
from admin.operations import operations_page, pause_actions
from admin.operations.services import OperationsService
from admin.refusals import refusals_page
from admin.resources import audit_search
from admin.resources.alerts import AlertView
from admin.resources.audit_events import AuditEventView
from admin.resources.call_discrepancies import CallDiscrepancyView
from admin.resources.calls import CallView
from admin.resources.embed_tokens import EmbedTokenView
from admin.resources.invitation_reports import InvitationReportView
from admin.resources.invitations import InvitationView
from admin.resources.limit_overrides import LimitOverrideView
from admin.resources.memberships import MembershipView
from admin.resources.number_discrepancies import NumberDiscrepancyView
from admin.resources.organizations.view import OrganizationView
from admin.resources.phone_numbers import PhoneNumberView
from admin.resources.queued_jobs import QueuedJobView
from admin.resources.reconciled_days import ReconciledDayView
from admin.resources.staff import StaffView
from admin.resources.upgrade_requests import UpgradeRequestView
from admin.resources.users import UserView
from kit.errors import DomainError, NotFound

VIEWS: Sequence[type[RecordView]] = (
    OrganizationView,
    UserView,
    MembershipView,
    InvitationView,
    InvitationReportView,
    CallView,
    PhoneNumberView,
    EmbedTokenView,
    UpgradeRequestView,
    LimitOverrideView,
    AlertView,
    CallDiscrepancyView,
    NumberDiscrepancyView,
    ReconciledDayView,
    QueuedJobView,
    AuditEventView,
    StaffView,
)
"""All kinds of records, in their order within the groups of the menu."""
_UPGRADE_REQUEST_ROWS = 50


class ViewerAuthentication(AuthenticationBackend):
    """sqladmin's check of the session, which ``admin.mount`` has checked: refuses a request without viewer."""

    def __init__(self) -> None:
        self.middlewares = []

    async def authenticate(self, request: Request) -> bool:
        page_helpers.viewer(request)
        return True


class AdminApp:
    """The application, its templates, and the responses that ``admin.mount`` needs from them."""

    log_fault = staticmethod(page_helpers.log_fault)

    def __init__(self, back_office: BackOffice) -> None:
        self.templates = page_helpers.make_templates(back_office.theme, sandbox=back_office.settings.is_sandbox)
        handlers: dict[Any, Any] = dict.fromkeys((DomainError, HTTPException, Exception), _on_error)
        self.app = Starlette(routes=ROUTES, exception_handlers=handlers)
        sqladmin = self._mount_sqladmin(back_office, handlers)
        self.templates.globals |= {"views": sqladmin.views, "account_entry": account_entry}
        self.templates.globals["menu"] = lambda request: build_menu(sqladmin.views, request)
        for application in (self.app, sqladmin.admin):
            # A redirect that adds or removes the last slash would repeat the host that the request names.
            application.router.redirect_slashes = False

    def _mount_sqladmin(self, back_office: BackOffice, handlers: dict[Any, Any]) -> Admin:
        """Mount sqladmin with the routes of lists and detail pages alone."""
        # A session maker of its own: sqladmin changes the settings of the one that it is given.
        sessions = async_sessionmaker(back_office.staff_database.engine, expire_on_commit=False)
        admin = Admin(
            self.app, session_maker=sessions, base_url="/admin", authentication_backend=ViewerAuthentication()
        )
        admin.templates.env = self.templates
        for view in VIEWS:
            # A subclass: sqladmin stores the application's session maker on the class that it is given.
            admin.add_view(new_class(view.__name__, (view,)))
        routes = admin.admin.router.routes
        read_routes = [route for route in routes if isinstance(route, Route) and route.name in {"list", "details"}]
        admin.admin.router.routes = [_clear_notice_after(route) for route in read_routes]
        admin.admin.exception_handlers = handlers
        return admin

    async def render_problem(self, scope: Any, error: Exception) -> Response:
        """The error page."""
        return await page_helpers.render_problem(Request(scope), error)

    def describe_methods(self, scope: Any) -> Response:
        """The response to OPTIONS: the methods of the path. Raises: NotFound."""
        methods = _methods_of(self.app.routes, scope)
        if not methods:
            raise NotFound
        return Response(status_code=204, headers={"Allow": ", ".join(sorted(methods | {"OPTIONS"}))})

    def redirect_to_sign_in(self, scope: Any) -> Response:
        """The response to a request without a session."""
        return page_helpers.redirect_to_sign_in(Request(scope))


async def home(request: Request) -> Response:
    """The first page."""
    async with page_helpers.back_office(request).staff_database.sessions() as session:
        requests = await OperationsService(session).open_upgrade_requests(_UPGRADE_REQUEST_ROWS)
    return await page_helpers.render(request, "admin/home.html", requests=requests)


ROUTES = (
    *auth_pages.ROUTES,
    *passkey_pages.ROUTES,
    *operations_page.ROUTES,
    *pause_actions.ROUTES,
    *confirm_page.ROUTES,
    *bulk_confirm_page.ROUTES,
    csv_export.ROUTE,
    *refusals_page.ROUTES,
    audit_search.ROUTE,
    Route("/admin", home, methods=["GET"]),
)
"""All routes but sqladmin's."""


def _clear_notice_after(route: Route) -> Route:
    """``route``, which also deletes the notice that its page shows."""

    async def respond(request: Request) -> Response:
        response: Response = await route.endpoint(request)
        page_helpers.clear_notice(request, response)
        return response

    return Route(route.path, respond, methods=list(route.methods or ()), name=route.name)


def _methods_of(routes: Sequence[BaseRoute], scope: Any) -> set[str]:
    methods: set[str] = set()
    for route in routes:
        match, child = route.matches(scope)
        if match is Match.NONE:
            continue
        if isinstance(route, Mount):
            methods |= _methods_of(route.routes, {**scope, **child})
        elif isinstance(route, Route):
            methods |= route.methods or set()
    return methods


async def _on_error(request: Request, error: Exception) -> Response:
    return await page_helpers.render_problem(request, error)
