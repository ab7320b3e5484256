"""The operations page: current figures of calls, alerts, exchanges, carrier and jobs; refreshed automatically."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from admin.formatters import ALERT_NAMES, BREAKER_NAMES, DISCREPANCY_NAMES
from admin.mount import OPERATIONS_REFRESH_PATH
from admin.operations.pause_actions import OPERATIONS_PATH
from admin.operations.services import LIST_ROWS, OperationsService
from admin.page_helpers import back_office, render
from kit.clock import utc_now


async def show(request: Request) -> Response:
    """The whole page."""
    return await _render(request, "admin/_layout.html")


async def refresh(request: Request) -> Response:
    """The page's content without menu and header; an open page requests it every few seconds."""
    return await _render(request, "admin/_bare.html")


ROUTES = (
    Route(OPERATIONS_PATH, show, methods=["GET"]),
    Route(OPERATIONS_REFRESH_PATH, refresh, methods=["GET"]),
)


async def _render(request: Request, layout: str) -> Response:
    now = utc_now()
    async with back_office(request).staff_database.sessions() as session:
        snapshot = await OperationsService(session).read_snapshot(now)
    return await render(
        request,
        "admin/operations.html",
        layout=layout,
        snapshot=snapshot,
        now=now,
        list_rows=LIST_ROWS,
        alert_names=ALERT_NAMES,
        breaker_names=BREAKER_NAMES,
        discrepancy_names=DISCREPANCY_NAMES,
    )
