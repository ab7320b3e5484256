"""The guide for a signed-in reader: examples with their domain and the start of their token."""

import html
import re
from collections.abc import Sequence
from uuid import uuid4

import httpx
import pytest
from litestar import Litestar

from conftest import NewClient
from guide.controllers import guide_router
from kit.db.database import Database
from kit.http.app_key import DATABASE, SETTINGS
from kit.settings import Settings
from support.factories import Factory, Tenant, sign_in
from support.widget_client import browser_at
from tenants.models import Role
from widget.assets import ASSET_MANIFEST

pytestmark = pytest.mark.anyio
PAGE = "/docs/widget-integration"
PLACEHOLDERS = ("ept_YOUR_TOKEN_HERE", "TOKEN_ID", "mysite.com", "chrome-extension://abcdef")


def examples(page: httpx.Response) -> str:
    found: Sequence[tuple[str, str]] = re.findall(
        r'<(code|figcaption) id="example-[^>]*>(.*?)</\1>', page.text, re.DOTALL
    )
    return html.unescape("\n".join(text for _, text in found))


def offered(page: httpx.Response) -> list[str]:
    return re.findall(r'<option value="[^"]+"(?: selected)?>([^<]+)<', page.text)


async def read(client: httpx.AsyncClient, **query: str) -> httpx.Response:
    page = await client.get(PAGE, params=query)
    assert page.status_code == 200
    assert "Cookie" in page.headers["vary"].split(",")
    return page


async def test_the_examples_carry_the_readers_domain_and_the_start_of_the_token(
    new_client: NewClient, make: Factory
) -> None:
    tenant = await make.tenant(name="Tom & Jerry")
    token = await make.token(tenant, allowed_domains=("app.hubspot.com", "crm.acme.example", "münchen.example"))
    page = await read(await sign_in(new_client(), tenant.owner))
    assert page.headers["cache-control"] == "private, no-store"
    shown = examples(page)
    assert not [one for one in PLACEHOLDERS if one in shown]
    assert f'data-token="{token.raw[:8]}…"' in shown
    assert "app.hubspot.com, crm.acme.example, münchen.example" in shown
    assert "https://phone.crm.acme.example/phone.html" in shown
    assert f"/integrations/hubspot?t={token.id}#{token.raw[:8]}…" in shown
    assert re.search(r"chrome-extension://[a-p]{32}\n", shown)
    assert token.raw not in page.text
    # Sentences about domains stay what they are.
    assert "<code>mysite.com</code> also allows" in page.text
    assert "Tom &amp; Jerry" in page.text


async def test_nobody_else_gets_another_page_than_before(new_client: NewClient, make: Factory) -> None:
    anonymous = await read(new_client())
    assert anonymous.headers["cache-control"] == "public, max-age=300"
    assert all(one in examples(anonymous) for one in PLACEHOLDERS)
    assert "Examples for" not in anonymous.text
    stranger = new_client()
    stranger.cookies.set("sid", "not-a-session")
    assert (await read(stranger)).content == anonymous.content
    signed_out = await sign_in(new_client(), (await make.tenant()).owner)
    assert (await read(signed_out)).content != anonymous.content
    assert (await signed_out.delete("/api/session")).status_code == 204
    assert (await read(signed_out)).content == anonymous.content
    # Somebody who belongs nowhere.
    alone = await read(await sign_in(new_client(), await make.user()))
    assert (examples(alone), "Examples for" in alone.text) == (examples(anonymous), False)


async def test_a_reader_chooses_among_the_live_tokens_of_their_own_organization(
    new_client: NewClient, make: Factory
) -> None:
    tenant, other = await make.tenant(), await make.tenant()
    older = await make.token(tenant, allowed_domains=("older.example",))
    newer = await make.token(tenant)
    revoked = await make.token(tenant, allowed_domains=("gone.example",))
    await make.revoke(tenant, revoked)
    foreign = await make.token(other, allowed_domains=("foreign.example",))
    member = await sign_in(new_client(), await make.member(tenant.organization, Role.MEMBER))

    page = await read(member)
    assert (newer.raw[:8] in examples(page), len(offered(page))) == (True, 2)
    # A token for any website leaves the guide's own domain standing.
    assert "mysite.com" in examples(page)
    chosen = await read(member, token=str(older.id))
    assert "phone.older.example" in examples(chosen)
    for unknown in (str(revoked.id), str(foreign.id), str(uuid4()), "'\"><script>"):
        assert examples(await read(member, token=unknown)) == examples(page)


async def test_a_reader_without_a_token_is_told_where_to_get_one(new_client: NewClient, make: Factory) -> None:
    tenant: Tenant = await make.tenant()
    page = await read(await sign_in(new_client(), tenant.owner))
    assert f'href="/dashboard/{tenant.organization.slug}/settings/widget"' in page.text
    assert "ept_YOUR_TOKEN_HERE" in examples(page)


async def test_without_the_database_a_reader_gets_the_public_page_and_no_cache_keeps_it(
    app: Litestar, settings: Settings, new_client: NewClient
) -> None:
    public = (await read(new_client())).content
    (integrity,) = re.findall(rb"sha384-[^&]+", public)
    router = guide_router(settings, ASSET_MANIFEST.get(app), integrity.decode())
    alone = Litestar([router], openapi_config=None)
    away = Database("postgresql://nobody@127.0.0.1:1/nothing")
    await away.start()
    SETTINGS.set(alone, settings)
    DATABASE.set(alone, away)
    try:
        async with browser_at(alone, "127.0.0.1", settings.public_url) as client:
            client.cookies.set("sid", "somebodys-session")
            page = await client.get(PAGE)
    finally:
        await away.stop()
    assert page.status_code == 200
    assert page.headers["cache-control"] == "private, no-store"
    assert page.content == public
