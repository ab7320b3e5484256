"""``/`` and ``/dashboard``: redirects to an organization's pages."""

from typing import Any

from litestar import Request, Response, get
from litestar.datastructures import State

from dashboard.guards import loads_memberships
from dashboard.pages import memberships, redirect, render
from tenants.memberships import LAST_ORGANIZATION_COOKIE


@get("/", name="start")
async def root(request: Request[Any, Any, State]) -> Response[str]:
    return render(request, "landing.html")


@get("/dashboard", guards=[loads_memberships])
async def dashboard_home(request: Request[Any, Any, State]) -> Response[str]:
    """Redirect to the organization last used, else the first one, else the page that creates one."""
    slugs = [membership.slug for membership in memberships(request)]
    last = request.cookies.get(LAST_ORGANIZATION_COOKIE)
    if not slugs:
        return redirect(request, "/dashboard/new")
    return redirect(request, f"/dashboard/{last if last in slugs else slugs[0]}")
