"""Accessibility of public and dashboard pages by axe-core: WCAG 2.2 AA, light and dark, wide and narrow."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from guide.guide_source import GUIDES
from support.browser.axe import findings
from support.browser.contexts import open_context
from support.browser.product import Product
from support.full_tenant import FullTenant, make_full_tenant
from tenants.plans import Plan
from tenants.settings_paths import SettingsSection, settings_path

pytestmark = pytest.mark.anyio

TO_ANYBODY = (
    "/",
    "/login",
    "/signup",
    "/signup?sent=1",
    "/forgot-password",
    "/reset-password/gone",
    "/nowhere",
    *(f"/docs/{name}" for name in GUIDES),
    "/integrations/hubspot",
)
TO_OWNERS = (
    "/account",
    "/dashboard/new",
    "/dashboard/{slug}",
    "/dashboard/{slug}/calls",
    "/dashboard/{slug}/calls?status=busy",
    "/dashboard/{slug}/calls/{call_id}",
    "/dashboard/{slug}/voicemails",
    "/dashboard/{slug}/usage",
    "/dashboard/{slug}/audit",
    *(f"/dashboard/{{slug}}/settings/{section}" for section in SettingsSection),
    "/dashboard/{slug}/settings/numbers?country=US",
    "/dashboard/{slug}/settings/embed-tokens/{token_id}",
    "/dashboard/{slug}/settings/embed-tokens/{token_id}/revoke",
    "/dashboard/{slug}/settings/webhooks/{webhook_id}",
    "/dashboard/{slug}/settings/organization/delete",
)


@pytest.fixture(scope="module")
async def full_tenant(product: Product) -> FullTenant:
    return await make_full_tenant(product.database, product.make)


@pytest.fixture(scope="module")
async def anybody(headless_shell: Browser, product: Product) -> AsyncIterator[BrowserContext]:
    async with open_context(headless_shell, product) as context:
        yield context


@pytest.fixture(scope="module")
async def owner(headless_shell: Browser, product: Product, full_tenant: FullTenant) -> AsyncIterator[BrowserContext]:
    async with open_context(headless_shell, product, full_tenant.tenant.owner) as context:
        yield context


@pytest.fixture
async def public(anybody: BrowserContext) -> AsyncIterator[Page]:
    page = await anybody.new_page()
    yield page
    await page.close()


@pytest.fixture
async def page(owner: BrowserContext) -> AsyncIterator[Page]:
    page = await owner.new_page()
    yield page
    await page.close()


def settings_of(full_tenant: FullTenant) -> str:
    return settings_path(full_tenant.tenant.organization.slug, SettingsSection.WIDGET)


@pytest.mark.parametrize("path", TO_ANYBODY)
async def test_pages_for_anybody(public: Page, path: str) -> None:
    await public.goto(path)
    assert await findings(public) == []


@pytest.mark.parametrize("path", TO_OWNERS)
async def test_pages_for_an_owner(page: Page, full_tenant: FullTenant, path: str) -> None:
    answer = await page.goto(path.format(slug=full_tenant.tenant.organization.slug, **full_tenant.ids))
    assert answer is not None
    assert answer.status == 200
    assert await findings(page) == []


async def test_the_demo_with_the_phone_open(public: Page) -> None:
    await public.goto("/demo")
    await public.get_by_role("button", name="Open phone").click()
    await expect(public.get_by_role("textbox", name="Phone number")).to_be_visible()
    assert await findings(public) == []


async def test_a_form_that_is_wrong(public: Page) -> None:
    await public.goto("/signup")
    await public.get_by_label("Email", exact=True).fill("someone@example.com")
    await public.get_by_label("Password", exact=True).fill("short")
    await public.get_by_role("button", name="Create account", exact=True).click()
    await expect(public.get_by_label("Password", exact=True)).to_have_attribute("aria-invalid", "true")
    assert await findings(public) == []


async def test_a_call_beside_the_list(page: Page, full_tenant: FullTenant) -> None:
    await page.goto(f"/dashboard/{full_tenant.tenant.organization.slug}/calls")
    await page.get_by_role("row", name="+1 212-555-0177").get_by_role("link").click()
    await expect(page.get_by_role("dialog", name="Call")).to_be_visible()
    assert await findings(page) == []


async def test_the_question_before_a_revocation(page: Page, full_tenant: FullTenant) -> None:
    await page.goto(settings_of(full_tenant))
    await page.get_by_role("button", name="Revoke Main Website", exact=True).click()
    await expect(page.get_by_role("dialog", name="Revoke “Main Website”?")).to_be_visible()
    assert await findings(page) == []


async def test_the_page_that_shows_a_token_once(page: Page, full_tenant: FullTenant) -> None:
    await page.goto(settings_of(full_tenant))
    await page.get_by_label("Label", exact=True).first.fill("Shop")
    await page.get_by_role("button", name="Generate Embed Token", exact=True).click()
    await page.get_by_role("button", name="Open the phone").click()
    await expect(page.get_by_role("textbox", name="Phone number")).to_be_visible()
    assert await findings(page) == []


async def test_pages_of_an_organization_that_has_nothing_yet(browser: Browser, product: Product) -> None:
    tenant = await product.make.tenant(plan=Plan.STARTER, number=False)
    found: list[str] = []
    async with open_context(browser, product, tenant.owner) as context:
        page = await context.new_page()
        for path in ("", "/calls", "/usage", "/settings/phone-numbers", "/settings/widget"):
            await page.goto(f"/dashboard/{tenant.organization.slug}{path}")
            found += (f"{path} {problem}" for problem in await findings(page))
    assert found == []
