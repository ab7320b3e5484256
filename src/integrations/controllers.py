"""``GET /integrations/hubspot``: the calling page that HubSpot shows in a frame."""

from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import MediaType, Response, Router, get
from litestar.params import FromQuery

from integrations import hubspot
from kit.db import Database, is_outage
from kit.errors import Unavailable
from kit.settings import Settings
from widget import policy
from widget.tickets import page_ticket

_YEAR = 31_536_000
# A revoked token keeps its frame, which then says what is wrong; it gets no ticket.
_FRAME_SQL = """
SELECT t.allowed_domains, t.revoked_at IS NULL AND o.deleted_at IS NULL AS is_live
FROM embed_token t JOIN organization o ON o.id = t.organization_id WHERE t.id = $1
"""
_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class _Frame(msgspec.Struct, frozen=True):
    """What an address of the page admits."""

    hosts: tuple[str, ...] = ()
    """Besides HubSpot's own."""
    ticket: str = ""
    problem: str = ""


def integrations_router(settings: Settings, assets: Mapping[str, str], database: Database) -> Router:
    """The routes of the integrations, public: a token's id in the address opens nothing by itself.

    Raises:
        KeyError: the page's files are not in ``assets``.
    """
    template = _templates.get_template("hubspot.html")
    script, stylesheet, icon = (f"/widget/{assets[name]}" for name in ("hubspot.js", "hubspot.css", "icon.svg"))

    async def frame_of(given: str) -> _Frame:
        try:
            token_id = UUID(given)
        except ValueError:
            return _Frame()
        try:
            row = await database.statements.fetch_row(_FRAME_SQL, token_id)
        except Exception as error:
            if not is_outage(error):
                raise
            return _Frame(problem=Unavailable.message)
        if row is None:
            return _Frame()
        admitted = row["is_live"] and hubspot.is_admitted(row["allowed_domains"])
        return _Frame(
            hosts=hubspot.frame_hosts(row["allowed_domains"]),
            ticket=page_ticket(settings, token_id) if admitted else "",
        )

    @get(hubspot.PATH, media_type=MediaType.HTML)
    async def hubspot_page(t: FromQuery[str] = "") -> Response[str]:
        frame = await frame_of(t)
        page = template.render(
            script=script,
            stylesheet=stylesheet,
            icon=icon,
            frame=frame,
            app_hosts=hubspot.APP_HOSTS,
            token_id=t,
            width=hubspot.WIDTH,
            height=hubspot.HEIGHT,
            public_url=settings.public_url,
            sandbox=settings.is_sandbox,
        )
        return Response(
            page,
            media_type=MediaType.HTML,
            status_code=503 if frame.problem else 200,
            headers=_headers(settings, frame.hosts),
        )

    return Router(path="/", route_handlers=[hubspot_page], include_in_schema=False)


def _headers(settings: Settings, hosts: tuple[str, ...]) -> dict[str, str]:
    directives = (
        "default-src 'none'",
        f"script-src {policy.scripts(settings)}",
        "style-src 'self'",
        f"connect-src {policy.connections(settings)}",
        "img-src 'self' data:",
        f"media-src {policy.MEDIA}",
        "base-uri 'none'",
        "form-action 'none'",
        hubspot.frame_ancestors(hosts),
    )
    headers = {
        "Content-Security-Policy": "; ".join(directives),
        "Permissions-Policy": "microphone=(self)",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",  # the page holds a ticket
    }
    if settings.public_is_https:
        headers["Strict-Transport-Security"] = f"max-age={_YEAR}; includeSubDomains"
    return headers
