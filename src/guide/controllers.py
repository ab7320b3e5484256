"""The customers' guide: a page for people, Markdown for programs, both from one source."""

from collections.abc import Mapping
from pathlib import Path

from litestar import MediaType, Request, Response, Router, get
from litestar.datastructures import State
from litestar.params import FromQuery

from guide.guide_source import as_markdown, read_guide
from guide.reader import Reader, reader_of
from guide.render import render_markdown
from kit.db.database import is_outage
from kit.settings import Settings
from kit.templates import create_templates

PATH = "/docs/widget-integration"
_MARKDOWN = "text/markdown"  # Litestar adds the charset
_YEAR = 31_536_000
_SECONDS = 300
_NOT_STORED = {"Cache-Control": "private, no-store"}
_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
)

_templates = create_templates(Path(__file__).parent / "templates")


def guide_router(settings: Settings, assets: Mapping[str, str]) -> Router:
    """The routes of the guide, public; what everybody gets is made once, here.

    Raises:
        KeyError: the guide's files are not in ``assets``.
    """
    guide = read_guide("widget-integration", settings.public_url)
    url = settings.public_url + PATH
    markdown = as_markdown(guide, url=url)
    rendered = render_markdown(guide.text, tabs=guide.tabs)
    template = _templates.get_template("guide.html")

    def page_for(reader: Reader | None) -> str:
        body = rendered.with_examples(reader.replacements() if reader else {})
        lead, section, rest = body.partition("<h2")
        return template.render(
            guide=guide,
            contents=rendered.contents,
            lead=lead,
            body=section + rest,
            reader=reader,
            path=PATH,
            raw=f"{PATH}/llm.md",
            sandbox=settings.is_sandbox,
            asset=lambda name: f"/widget/{assets[name]}",
        )

    page = page_for(None)
    index = _templates.get_template("llms.txt").render(guide=guide, url=url, public_url=settings.public_url)
    headers = _headers(settings)
    # The same address shows another page to whoever is signed in.
    page_headers, own_headers = {**headers, "Vary": "Cookie"}, {**headers, "Vary": "Cookie", **_NOT_STORED}

    @get(PATH, media_type=MediaType.HTML)
    async def guide_page(request: Request[object, object, State], token: FromQuery[str] = "") -> Response[str]:
        try:
            reader = await reader_of(request, token)
        except Exception as error:
            if not is_outage(error):
                raise
            # The guide can be read without the database: like this it must not be kept, since it is not theirs.
            return Response(page, media_type=MediaType.HTML, headers=own_headers)
        if reader is None:
            return Response(page, media_type=MediaType.HTML, headers=page_headers)
        return Response(page_for(reader), media_type=MediaType.HTML, headers=own_headers)

    @get(f"{PATH}/llm.md", media_type=_MARKDOWN)
    async def guide_markdown() -> Response[str]:
        return Response(markdown, media_type=_MARKDOWN, headers=headers)

    @get("/llms.txt", media_type=MediaType.TEXT)
    async def llms_txt() -> Response[str]:
        return Response(index, media_type=MediaType.TEXT, headers=headers)

    return Router(path="/", route_handlers=[guide_page, guide_markdown, llms_txt], include_in_schema=False)


def _headers(settings: Settings) -> dict[str, str]:
    headers = {
        "Content-Security-Policy": "; ".join(_POLICY),
        "Permissions-Policy": "microphone=()",
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": f"public, max-age={_SECONDS}",
    }
    if settings.public_is_https:
        headers["Strict-Transport-Security"] = f"max-age={_YEAR}; includeSubDomains"
    return headers
