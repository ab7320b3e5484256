"""``/``: the landing page. ``/dashboard``: redirects to the pages of an organization."""

from typing import Any

from litestar import Request, Response, get
from litestar.datastructures import State

from dashboard.guards import loads_memberships
from dashboard.pages import memberships, redirect, render
from tenants.memberships import LAST_ORGANIZATION_COOKIE


@get("/", name="start")
async def landing_page(request: Request[Any, Any, State]) -> Response[str]:
    return render(request, "landing.html")


@get("/dashboard", guards=[loads_memberships])
async def redirect_to_organization(request: Request[Any, Any, State]) -> Response[str]:
    """Redirect to the organization last used, else the first one, else the page that creates one."""
    slugs = [membership.slug for membership in memberships(request)]
    last_slug = request.cookies.get(LAST_ORGANIZATION_COOKIE)
    if not slugs:
        return redirect(request, "/dashboard/new")
    return redirect(request, f"/dashboard/{last_slug if last_slug in slugs else slugs[0]}")
