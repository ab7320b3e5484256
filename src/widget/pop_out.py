"""``GET /widget/window``: the page of the pop-out, in which a call continues when the page that opened it is left."""

from collections.abc import Mapping
from pathlib import Path

from litestar import MediaType, Response, Router, get

from kit.settings import Settings
from kit.templates import create_templates
from widget import csp

_CACHE = "public, max-age=300"
_templates = create_templates(Path(__file__).parent / "templates")


def pop_out_router(settings: Settings, assets: Mapping[str, str]) -> Router:
    """The route of the pop-out page. The page has no token: the page that opens it sends the token in a message.

    Raises:
        KeyError: the pop-out's files are not in ``assets``.
    """
    script, stylesheet, icon = (
        f"/widget/{assets[name]}" for name in ("pop-out-page.js", "pop-out-page.css", "icon.svg")
    )
    page = _templates.get_template("pop_out.html").render(
        script=script, stylesheet=stylesheet, icon=icon, sandbox=settings.is_sandbox
    )
    # Not in frames, so that no page can trick people into clicking on the phone (clickjacking).
    headers = csp.page_headers(settings, frame_ancestors="frame-ancestors 'none'", cache_control=_CACHE)

    @get("/widget/window", media_type=MediaType.HTML)
    async def pop_out_page() -> Response[str]:
        return Response(page, media_type=MediaType.HTML, headers=headers)

    return Router(path="/", route_handlers=[pop_out_page], include_in_schema=False)
