"""``GET /integrations/hubspot``: the calling page with the phone, which HubSpot shows in a frame."""

from collections.abc import Mapping
from pathlib import Path

import msgspec
from litestar import MediaType, Request, Response, Router, get
from litestar.datastructures import State
from litestar.params import FromQuery

from integrations import hubspot
from kit.db.database import Database
from kit.db.outage import is_outage
from kit.errors import TooMany, Unavailable
from kit.http.client_ip_address import client_ip_address, is_loopback, limited_network
from kit.http.rate_limit import RateLimiter
from kit.parsing import parse_uuid
from kit.settings import Settings
from kit.templates import create_templates
from widget import csp
from widget.tickets import issue_page_ticket

MAX_LOOKUPS_PER_NETWORK = 300
"""Token lookups per minute and network: an office shares one IP address, and each CRM record opens a frame."""
# A revoked token gets the same response as an unknown one, so that the page does not reveal its domains.
_LOOKUP_SQL = """
SELECT t.allowed_domains,
       (SELECT portal_id FROM hubspot_connection WHERE organization_id = o.id) AS hubspot_account_id
FROM embed_token t JOIN organization o ON o.id = t.organization_id
WHERE t.id = $1 AND t.revoked_at IS NULL AND o.deleted_at IS NULL
"""
_templates = create_templates(Path(__file__).parent / "templates")


class _CallingPage(msgspec.Struct, frozen=True):
    """The values of one page: the token that its URL names, the hosts that may frame it, or a problem."""

    token_id: str = ""
    """Empty for an unknown or revoked token."""
    hosts: tuple[str, ...] = ()
    """Hosts that may frame the page, in addition to HubSpot's hosts."""
    ticket: str = ""
    hubspot_account_id: str = ""
    """The HubSpot account into which the server writes calls; empty without a connection."""
    problem: str = ""
    status: int = 200
    retry_after: int = 0


def integrations_router(
    settings: Settings, assets: Mapping[str, str], database: Database, limiter: RateLimiter
) -> Router:
    """Return the public routes of the integrations.

    The token's id in the URL gives no access to the token, but the page's policy (CSP) reveals the token's domains:
    ``limiter`` limits the lookups of each network.

    Raises:
        KeyError: the page's files are not in ``assets``.
    """
    template = _templates.get_template("hubspot.html")
    script, stylesheet, icon = (f"/widget/{assets[name]}" for name in ("hubspot.js", "hubspot.css", "icon.svg"))

    async def load_page(token_id_text: str, client_ip_address: str) -> _CallingPage:
        try:
            token_id = parse_uuid(token_id_text)
        except ValueError:
            return _CallingPage()
        if not (settings.is_sandbox and is_loopback(client_ip_address)):
            wait = await limiter.hit(f"hubspot:{limited_network(client_ip_address)}", MAX_LOOKUPS_PER_NETWORK)
            if wait:
                return _CallingPage(problem=TooMany.message, status=429, retry_after=wait)
        try:
            row = await database.lookup_pool.fetch_row_in_time(_LOOKUP_SQL, token_id)
        except Exception as error:
            if not is_outage(error):
                raise
            return _CallingPage(problem=Unavailable.message, status=503)
        if row is None:
            return _CallingPage()
        origin = hubspot.allowed_origin(row["allowed_domains"])
        return _CallingPage(
            token_id=str(token_id),
            hosts=hubspot.frame_hosts(row["allowed_domains"]),
            ticket="" if origin is None else issue_page_ticket(settings, token_id, origin=origin),
            hubspot_account_id=row["hubspot_account_id"] or "",
        )

    @get(hubspot.CALLING_PAGE_PATH, media_type=MediaType.HTML)
    async def hubspot_page(
        request: Request[object, object, State], t: FromQuery[str] = "", code: FromQuery[str] = ""
    ) -> Response[str]:
        # After the installation of an app HubSpot redirects to this page with a code: the page explains the next step.
        calling_page = await load_page(t, client_ip_address(request.scope))
        html = template.render(
            script=script,
            stylesheet=stylesheet,
            icon=icon,
            page=calling_page,
            has_code=bool(code),
            app_hosts=hubspot.APP_HOSTS,
            width=hubspot.FRAME_WIDTH_PX,
            height=hubspot.FRAME_HEIGHT_PX,
            public_url=settings.public_url,
            sandbox=settings.is_sandbox,
            redirect_url=f"{settings.public_url}{hubspot.CALLING_PAGE_PATH}",
            scopes=hubspot.APP_SCOPES,
            install_link=hubspot.install_link(settings.public_url),
        )
        return Response(
            html,
            media_type=MediaType.HTML,
            status_code=calling_page.status,
            headers=_headers(settings, calling_page),
        )

    return Router(path="/", route_handlers=[hubspot_page], include_in_schema=False)


def _headers(settings: Settings, page: _CallingPage) -> dict[str, str]:
    # no-store, because the page contains a ticket.
    headers = csp.page_headers(settings, frame_ancestors=hubspot.frame_ancestors(page.hosts), cache_control="no-store")
    if page.retry_after:
        headers["Retry-After"] = str(page.retry_after)
    return headers
