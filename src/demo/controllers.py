"""``/demo``, only with the sandbox carrier: a small CRM with the phone, and requests that call the demo's number."""

from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from litestar import MediaType, Request, Response, Router, get, post
from litestar.datastructures import State
from litestar.params import FromPath
from markupsafe import Markup

from demo.contacts import CONTACTS, DEMO_NUMBER, SANDBOX_NUMBERS
from demo.incoming_calls import CallDescription, SandboxRefusal, call_demo_number, describe_call
from kit.http.csrf import ensure_own_origin
from kit.settings import Settings
from kit.templates import create_templates
from widget import csp

# Its own template environment: the page uses none of the dashboard's templates.
_templates = create_templates(Path(__file__).parent / "templates")


def demo_router(settings: Settings, assets: Mapping[str, str], read_token: Callable[[], str | None]) -> Router:
    """Return the routes of the demo: ``/demo`` with the sandbox carrier, none with a real one.

    ``assets`` maps "demo.js" and "demo.css" to their built names; ``read_token`` gives the seeded embed token, or None.

    Raises:
        KeyError: the demo's files are not in ``assets``.
    """
    if not settings.is_sandbox:
        return Router(path="/", route_handlers=[])
    template = _templates.get_template("demo.html")
    script, stylesheet = f"/widget/{assets['demo.js']}", f"/widget/{assets['demo.css']}"
    headers = _headers(settings)
    public_host = urlsplit(settings.public_url).netloc

    # In a thread: read_token opens a file.
    @get("/demo", media_type=MediaType.HTML, include_in_schema=False, sync_to_thread=True)
    def demo_page(request: Request[object, object, State]) -> Response[str]:
        token = read_token()
        page = template.render(
            script=script,
            stylesheet=stylesheet,
            contacts=CONTACTS,
            sandbox_numbers=SANDBOX_NUMBERS,
            public_url=settings.public_url,
            is_other_host=request.headers.get("host", public_host) != public_host,
            demo_number=DEMO_NUMBER,
            widget_tag=None if token is None else _widget_tag(settings.public_url, token),
        )
        return Response(page, media_type=MediaType.HTML, headers=headers)

    @post("/demo/incoming-calls", include_in_schema=False)
    async def call_number(request: Request[object, object, State]) -> Response[dict[str, str]]:
        ensure_own_origin(request.headers, settings.public_url, is_required=True)
        try:
            sid = await call_demo_number(settings.sandbox_address)
        except SandboxRefusal as refusal:
            return Response({"message": str(refusal)}, status_code=409)
        return Response({"sid": sid}, status_code=201)

    @get("/demo/incoming-calls/{sid:str}", include_in_schema=False)
    async def show_call(sid: FromPath[str]) -> Response[CallDescription] | Response[dict[str, str]]:
        try:
            call = await describe_call(settings.sandbox_address, sid)
        except SandboxRefusal as refusal:
            return Response({"message": str(refusal)}, status_code=409)
        if call is None:
            return Response({"message": "The sandbox does not know this call. Call again."}, status_code=404)
        return Response(call, headers={"Cache-Control": "no-store"})

    return Router(path="/", route_handlers=[demo_page, call_number, show_call])


def _widget_tag(public_url: str, token: str) -> Markup:
    """Return the script tag that the page runs, and shows as its snippet."""
    return Markup('<script src="{}/widget/phone.js" data-token="{}" data-click-to-call="on"></script>').format(
        public_url, token
    )


def _headers(settings: Settings) -> dict[str, str]:
    directives = (
        "default-src 'none'",
        f"script-src {csp.script_sources(settings)}",
        "style-src 'self'",
        f"connect-src {csp.connect_sources(settings)}",
        "img-src 'self' data:",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "object-src 'none'",
    )
    return {
        "Content-Security-Policy": "; ".join(directives),
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "Permissions-Policy": "microphone=(self)",
        "Cache-Control": "no-store",  # the page holds the demo's raw embed token
    }
