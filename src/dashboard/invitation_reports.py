"""Page on which the recipient of an unwanted invitation reports it, by a link in the invitation's mail and without an
account.

Mail systems follow links, so opening the page changes nothing: only its form does.
"""

from datetime import timedelta
from typing import Any

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath

from dashboard.pages import redirect, render
from kit.db.rate_limit import hit_or_raise
from kit.errors import TooMany
from kit.http.app_key import DATABASE, SETTINGS
from kit.http.client_ip_address import client_ip_address, limited_network
from kit.http.forms import read_form
from tenants.errors import ReportLinkNotUsable
from tenants.invitation_reports import MAX_REPORTS_PER_HOUR, InvitationReportService, ReportLinks

# The URL holds the token: it must not reach other pages as a referrer.
_NO_REFERRER = {"Referrer-Policy": "no-referrer"}
Visit = Request[Any, Any, State]


@get("/invitations/report/{token:str}")
async def report_page(request: Visit, token: FromPath[str]) -> Response[str]:
    """Say who invited whom and offer to report it; after the report, say that it was made."""
    try:
        link = ReportLinks(SETTINGS.get(request.app).secret_keys).read(token)
        async with DATABASE.get(request.app).tenant_session(link.organization_id) as session:
            invitation = await InvitationReportService(session).preview(link)
    except ReportLinkNotUsable:
        return _link_expired(request)
    response = render(request, "invitation_report.html", invitation=invitation)
    response.headers.update(_NO_REFERRER)
    return response


@post("/invitations/report/{token:str}")
async def report_invitation(request: Visit, token: FromPath[str]) -> Response[str]:
    """Report the invitation; a second report changes nothing."""
    await read_form(request)
    try:
        link = ReportLinks(SETTINGS.get(request.app).secret_keys).read(token)
        await _count_report_or_raise(request)
        async with DATABASE.get(request.app).tenant_session(link.organization_id) as session:
            await InvitationReportService(session).report(link)
    except ReportLinkNotUsable:
        return _link_expired(request)
    return redirect(request, request.scope["path"])


HANDLERS = (report_page, report_invitation)


async def _count_report_or_raise(request: Visit) -> None:
    """Count one report from the client's network, in a separate transaction. Raises: TooMany."""
    key = f"invitation-reports:{limited_network(client_ip_address(request.scope))}"
    async with DATABASE.get(request.app).tenant_session(None) as session:
        try:
            await hit_or_raise(session, key, limit=MAX_REPORTS_PER_HOUR, window=timedelta(hours=1))
        except TooMany:
            await session.commit()
            raise


def _link_expired(request: Visit) -> Response[str]:
    response = render(request, "invitation_report_expired.html", status=404)
    response.headers.update(_NO_REFERRER)
    return response
