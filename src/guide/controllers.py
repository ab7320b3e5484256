"""Serves the customers' guides, each as a page and as Markdown for programs, with ``llms.txt`` and the n8n workflow."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from litestar import MediaType, Request, Response, Router, get
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery

from guide.guide_source import GUIDES, Guide, as_markdown, read_guide, read_n8n_workflow
from guide.reader import Reader, find_reader
from guide.render import render_markdown
from kit.db.outage import is_outage
from kit.settings import Settings
from kit.templates import create_templates
from tenants.settings_paths import settings_path

_MARKDOWN_TYPE = "text/markdown"  # Litestar adds the charset
_CACHE_SECONDS = 300
_NO_STORE = {"Cache-Control": "private, no-store"}
_CSP_DIRECTIVES = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
)

_templates = create_templates(Path(__file__).parent / "templates")
_templates.globals["settings_path"] = settings_path


def guide_router(settings: Settings, assets: Mapping[str, str], integrity: str) -> Router:
    """Build the guides' public routes. Text that is the same for all readers is rendered once, here.

    ``integrity`` is the hash (Subresource Integrity) of this version's phone.js as it is served here.

    Raises:
        KeyError: ``assets`` lacks the guide's files.
    """
    guides = [read_guide(name, settings.public_url, integrity) for name in GUIDES]
    handlers = [handler for guide in guides for handler in _handlers(guide, guides, settings, assets)]
    index = _templates.get_template("llms.txt").render(guides=guides, public_url=settings.public_url)

    @get("/llms.txt", media_type=MediaType.TEXT)
    async def llms_txt() -> Response[str]:
        return Response(index, media_type=MediaType.TEXT, headers=_headers())

    workflow = read_n8n_workflow(settings.public_url)

    @get("/docs/zapier-make-n8n/n8n-workflow.json", media_type=MediaType.JSON)
    async def n8n_workflow() -> Response[bytes]:
        disposition = {"Content-Disposition": 'attachment; filename="epoch-voice-n8n-workflow.json"'}
        return Response(workflow.encode(), media_type=MediaType.JSON, headers={**_headers(), **disposition})

    return Router(path="/", route_handlers=[*handlers, llms_txt, n8n_workflow], include_in_schema=False)


def _handlers(
    guide: Guide, guides: Sequence[Guide], settings: Settings, assets: Mapping[str, str]
) -> Sequence[HTTPRouteHandler]:
    """Build the routes of one guide; its page has the menu of all ``guides``."""
    markdown = as_markdown(guide, url=settings.public_url + guide.path)
    rendered = render_markdown(guide.text, tabs=guide.tabs, drawings=guide.drawings)
    template = _templates.get_template("guide.html")

    def render_page(reader: Reader | None) -> str:
        body = rendered.with_examples(reader.replacements() if reader else {})
        lead, first_heading, rest = body.partition("<h2")
        return template.render(
            guide=guide,
            guides=guides,
            contents=rendered.contents,
            lead=lead,
            body=first_heading + rest,
            reader=reader,
            sandbox=settings.is_sandbox,
            asset=lambda name: f"/widget/{assets[name]}",
        )

    public_page = render_page(None)
    headers = _headers()
    # A signed-in reader gets another page at the same URL.
    public_headers, private_headers = {**headers, "Vary": "Cookie"}, {**headers, "Vary": "Cookie", **_NO_STORE}

    @get(guide.path, media_type=MediaType.HTML)
    async def guide_page(request: Request[object, object, State], token: FromQuery[str] = "") -> Response[str]:
        try:
            reader = await find_reader(request, token)
        except Exception as error:
            if not is_outage(error):
                raise
            # The guide works without the database. This page must not be cached: the reader may be signed in.
            return Response(public_page, media_type=MediaType.HTML, headers=private_headers)
        if reader is None:
            return Response(public_page, media_type=MediaType.HTML, headers=public_headers)
        return Response(render_page(reader), media_type=MediaType.HTML, headers=private_headers)

    @get(guide.markdown_path, media_type=_MARKDOWN_TYPE)
    async def guide_markdown() -> Response[str]:
        return Response(markdown, media_type=_MARKDOWN_TYPE, headers=headers)

    return guide_page, guide_markdown


def _headers() -> dict[str, str]:
    return {
        "Content-Security-Policy": "; ".join(_CSP_DIRECTIVES),
        "Permissions-Policy": "microphone=()",
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "Cache-Control": f"public, max-age={_CACHE_SECONDS}",
    }
