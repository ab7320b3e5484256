"""``GET /widget/window``: the phone in a window of its own, which goes on when the page that opened it is left."""

from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import MediaType, Response, Router, get

from kit.settings import Settings
from widget import csp

_CACHE = "public, max-age=300"
_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def window_router(settings: Settings, assets: Mapping[str, str]) -> Router:
    """The window's page, the same for everybody: the token comes from the page that opens it, by a message.

    Raises:
        KeyError: the window's files are not in ``assets``.
    """
    script, stylesheet, icon = (
        f"/widget/{assets[name]}" for name in ("pop-out-page.js", "pop-out-page.css", "icon.svg")
    )
    page = _templates.get_template("window.html").render(
        script=script, stylesheet=stylesheet, icon=icon, sandbox=settings.is_sandbox
    )
    # Nobody frames it: a frame would let its page lay the phone under people's clicks.
    headers = csp.page_headers(settings, ancestors="frame-ancestors 'none'", cache=_CACHE)

    @get("/widget/window", media_type=MediaType.HTML)
    async def window_page() -> Response[str]:
        return Response(page, media_type=MediaType.HTML, headers=headers)

    return Router(path="/", route_handlers=[window_page], include_in_schema=False)
