"""Every link and form of every page leads to a handler, for each role."""

import re
from collections import deque
from urllib.parse import urldefrag, urljoin, urlsplit

import httpx
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from conftest import PUBLIC_URL
from kit.db.database import Database
from kit.settings import Settings
from support.factories import Factory, sign_in
from support.full_tenant import make_full_tenant
from support.html_parser import ParsedPage
from tenants.models import Role

pytestmark = pytest.mark.anyio

STARTS = ("/", "/dashboard", "/docs/widget-integration", "/schema/ui", "/signup", "/forgot-password")
MAX_PAGES = 400
"""Far more than the product has: the test fails, instead of running on, if a page links to new pages without end."""


async def follow_links(app: Litestar, client: httpx.AsyncClient) -> tuple[set[str], list[str]]:
    """Return the URLs that can be reached from ``STARTS``, and a sentence about each broken link or form."""
    taken = {
        (method, route.path_format) for route in app.routes if isinstance(route, HTTPRoute) for method in route.methods
    }
    waiting, seen, wrong = deque((start, "a start") for start in STARTS), set(STARTS), []
    while waiting:
        url, found_at = waiting.popleft()
        answer = await client.get(url, follow_redirects=True)
        # The carrier has no recording of the message that the tenants of this test have.
        is_lost_audio = url.endswith("/audio") and answer.status_code == 404
        if answer.status_code >= 400 and not is_lost_audio:
            wrong.append(f"{url} answers {answer.status_code}, linked from {found_at}")
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        page = ParsedPage(answer.text)
        for form in page.forms:
            action = urlsplit(urljoin(str(answer.url), form.action)).path
            if not any(method == form.method.upper() and matches(action, path) for method, path in taken):
                wrong.append(f"{form.method} {action} has no handler, a form of {url}")
        for link in page.links:
            target = urldefrag(urljoin(str(answer.url), link)).url
            if target.startswith(f"{PUBLIC_URL}/") and target not in seen:
                seen.add(target)
                waiting.append((target, url))
        assert len(seen) < MAX_PAGES
    return seen, wrong


def matches(path: str, template: str) -> bool:
    """True when ``path`` is one of ``template``, whose parameters stand in braces."""
    return re.fullmatch(re.sub(r"{\w+}", "[^/]+", template), path) is not None


@pytest.mark.parametrize("who", ["owner", "admin", "member", "anonymous"])
async def test_every_link_and_form_leads_somewhere(
    app: Litestar, database: Database, settings: Settings, client: httpx.AsyncClient, who: str
) -> None:
    make = Factory(database, settings)
    own = await make_full_tenant(database, make)
    if who != "anonymous":
        people = {"owner": own.tenant.owner, "member": own.member}
        await sign_in(client, people.get(who) or await make.member(own.tenant.organization, Role.ADMIN))
    seen, wrong = await follow_links(app, client)

    assert wrong == []
    expected = "/docs/widget-integration" if who == "anonymous" else f"/settings/embed-tokens/{own.ids['token_id']}"
    assert any(expected in url for url in seen)
