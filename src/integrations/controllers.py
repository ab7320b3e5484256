"""``GET /integrations/hubspot``: the calling page that HubSpot shows in a frame."""

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
from kit.http.client_address import client_address, is_loopback, limited_network
from kit.http.rate_limit import RateLimiter
from kit.parsing import parse_uuid
from kit.settings import Settings
from kit.templates import create_templates
from widget import csp
from widget.tickets import issue_page_ticket

MAX_FRAMES_PER_ADDRESS = 300
"""Lookups of tokens by id per minute and address: an office shares one address, and each CRM record opens a frame."""
# A revoked token is answered like an unknown one: its domains are nobody's business any more.
_FRAME_SQL = """
SELECT t.allowed_domains,
       (SELECT portal_id FROM hubspot_connection WHERE organization_id = o.id) AS logged_account
FROM embed_token t JOIN organization o ON o.id = t.organization_id
WHERE t.id = $1 AND t.revoked_at IS NULL AND o.deleted_at IS NULL
"""
_templates = create_templates(Path(__file__).parent / "templates")


class _CallingPage(msgspec.Struct, frozen=True):
    """The token that the page's URL names, and who may frame the page."""

    token_id: str = ""
    """Empty for an unknown or revoked token."""
    hosts: tuple[str, ...] = ()
    """Hosts that may frame the page, besides HubSpot's own."""
    ticket: str = ""
    logged_account: str = ""
    """The HubSpot account whose calls the server writes; empty for none."""
    problem: str = ""
    status: int = 200
    retry_after: int = 0


def integrations_router(
    settings: Settings, assets: Mapping[str, str], database: Database, limiter: RateLimiter
) -> Router:
    """Return the public routes of the integrations: a token's id in the URL gives no access.

    It does tell the token's domains, which a frame's policy must name: ``limiter`` counts who looks up how many.

    Raises:
        KeyError: the page's files are not in ``assets``.
    """
    template = _templates.get_template("hubspot.html")
    script, stylesheet, icon = (f"/widget/{assets[name]}" for name in ("hubspot.js", "hubspot.css", "icon.svg"))

    async def frame_of(given: str, address: str) -> _CallingPage:
        try:
            token_id = parse_uuid(given)
        except ValueError:
            return _CallingPage()
        if not (settings.is_sandbox and is_loopback(address)):
            wait = await limiter.hit(f"hubspot:{limited_network(address)}", MAX_FRAMES_PER_ADDRESS)
            if wait:
                return _CallingPage(problem=TooMany.message, status=429, retry_after=wait)
        try:
            row = await database.lookup_pool.fetch_row_in_time(_FRAME_SQL, token_id)
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
            logged_account=row["logged_account"] or "",
        )

    @get(hubspot.CALLING_PAGE_PATH, media_type=MediaType.HTML)
    async def hubspot_page(
        request: Request[object, object, State], t: FromQuery[str] = "", code: FromQuery[str] = ""
    ) -> Response[str]:
        # HubSpot leads people back here with a code after an installation. The page only says what to do with it.
        frame = await frame_of(t, client_address(request.scope))
        page = template.render(
            script=script,
            stylesheet=stylesheet,
            icon=icon,
            frame=frame,
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
            page,
            media_type=MediaType.HTML,
            status_code=frame.status,
            headers=_headers(settings, frame),
        )

    return Router(path="/", route_handlers=[hubspot_page], include_in_schema=False)


def _headers(settings: Settings, frame: _CallingPage) -> dict[str, str]:
    # no-store: the page holds a ticket.
    headers = csp.page_headers(settings, frame_ancestors=hubspot.frame_ancestors(frame.hosts), cache_control="no-store")
    if frame.retry_after:
        headers["Retry-After"] = str(frame.retry_after)
    return headers
