"""The dashboard's settings: URLs, titles, the menu, redirects of the former single page, and refused forms."""

import re

import httpx
import pytest
from litestar import Litestar

from conftest import NewClient
from support.factories import Factory, Tenant, sign_in
from support.page_session import post_form
from support.raw_requests import RawRequest, send_raw
from tenants.models import Role
from tenants.settings_paths import SettingsSection, settings_path

pytestmark = pytest.mark.anyio

TITLES = {
    "phone-numbers": "Phone number",
    "widget": "Embed Phone Widget",
    "calling-rules": "Calling rules",
    "incoming-calls": "Incoming calls",
    "team": "Team",
    "api-keys": "API keys",
    "webhooks": "Webhooks",
    "hubspot": "HubSpot",
    "organization": "Organization",
}


@pytest.fixture
async def tenant(client: httpx.AsyncClient, make: Factory) -> Tenant:
    tenant = await make.tenant()
    await sign_in(client, tenant.owner)
    return tenant


async def test_each_section_has_a_url_a_title_a_heading_and_a_place_in_the_menu(
    client: httpx.AsyncClient, tenant: Tenant
) -> None:
    slug = tenant.organization.slug
    assert list(TITLES) == [section.value for section in SettingsSection]
    for section, title in TITLES.items():
        page = (await client.get(f"/dashboard/{slug}/settings/{section}")).text
        assert f"<title>{title} · Settings · Epoch Voice</title>" in page
        assert re.findall(r"<h1[^>]*>([^<]*)</h1>", page) == [title]
        menu = page.partition('aria-label="Settings"')[2].partition("</nav>")[0]
        assert re.findall(r'href="([^"]+)"', menu) == [settings_path(slug, each) for each in TITLES]
        assert re.findall(r'aria-current="page">([^<]+)<', menu) == [title]


async def test_the_former_page_leads_to_the_first_section_and_keeps_the_query(
    app: Litestar, client: httpx.AsyncClient, tenant: Tenant
) -> None:
    start, first = (
        f"/dashboard/{tenant.organization.slug}/settings",
        settings_path(tenant.organization.slug, "phone-numbers"),
    )
    for query, target in (("", first), ("?all=tokens&x=%C3%A9", f"{first}?all=tokens&x=%C3%A9")):
        answer = await client.get(f"{start}{query}")
        assert (answer.status_code, answer.headers["location"]) == (303, target)
    cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    request = RawRequest("GET", start.encode(), b"x=\xe9", [(b"cookie", cookies.encode())])
    unreadable = await send_raw(app, request)
    assert (unreadable.status, unreadable.headers["location"]) == (303, first)


async def test_a_notice_survives_the_redirect(client: httpx.AsyncClient, tenant: Tenant) -> None:
    page = settings_path(tenant.organization.slug, "organization")
    await post_form(client, page, page, {"name": "New name"})
    answer = await client.get(f"/dashboard/{tenant.organization.slug}/settings", follow_redirects=True)
    assert "The name is" in answer.text


@pytest.mark.parametrize("section", ["integrations", "nothing"])
async def test_an_unknown_section_is_not_found(client: httpx.AsyncClient, tenant: Tenant, section: str) -> None:
    page = await client.get(f"/dashboard/{tenant.organization.slug}/settings/{section}")
    assert page.status_code == 404
    with pytest.raises(ValueError, match=section):
        settings_path(tenant.organization.slug, section)


async def test_members_find_no_api_keys_in_the_menu_nor_at_their_url(
    new_client: NewClient, make: Factory, tenant: Tenant
) -> None:
    client = await sign_in(new_client(), await make.member(tenant.organization, Role.MEMBER))
    shown = await client.get(settings_path(tenant.organization.slug, "team"))
    assert "/settings/api-keys" not in shown.text
    assert (await client.get(settings_path(tenant.organization.slug, "api-keys"))).status_code == 403


@pytest.mark.parametrize(
    ("section", "action", "fields"),
    [
        ("phone-numbers", "addresses", {"country": "FR", "street": "1 rue de la Paix"}),
        ("widget", "embed-tokens", {"label": "Site", "allowed_domains": "com"}),
        ("calling-rules", "calling-rules/countries", {"destination": "Atlantis"}),
        ("calling-rules", "calling-rules/blocked", {"blocked_numbers": "911"}),
        ("team", "invitations", {"email": "nobody@", "role": "member"}),
        ("api-keys", "api-keys", {"label": "CRM", "scope": "everything"}),
        ("organization", "organization", {"name": "x" * 81}),
        ("organization", "call-data/erase", {"number": "nobody"}),
    ],
)
async def test_a_refused_form_is_shown_on_its_own_page_with_what_was_typed(
    client: httpx.AsyncClient, tenant: Tenant, section: str, action: str, fields: dict[str, str]
) -> None:
    page = settings_path(tenant.organization.slug, section)
    answer = await post_form(client, page, f"/dashboard/{tenant.organization.slug}/settings/{action}", fields)
    assert answer.status_code == 400
    assert re.findall(r"<h1[^>]*>([^<]*)</h1>", answer.text) == [TITLES[section]]
    assert 'aria-invalid="true"' in answer.text
    typed = [value for name, value in fields.items() if name not in ("country", "role", "scope")]
    assert [value for value in typed if value not in answer.text] == []
