"""The integration guide's page: CRM recipes in tabs, links to a tab, keyboard, copying, the page without scripts."""

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from support.browser.axe import AXE, findings
from support.browser.dashboard import sign_in
from support.browser.product import Customer, Product

pytestmark = pytest.mark.anyio
PATH = "/docs/widget-integration"
RECIPES = ["Any CRM", "A phone page of your own", "HubSpot", "Salesforce", "Chrome extension"]


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    context = await browser.new_context(reduced_motion="reduce", permissions=["clipboard-read", "clipboard-write"])
    await context.add_init_script(path=AXE)
    yield await context.new_page()
    await context.close()


def tab(page: Page, name: str) -> Locator:
    return page.get_by_role("tab", name=name, exact=True)


async def expect_open(page: Page, name: str) -> None:
    """This tab and no other is open."""
    await expect(page.get_by_role("tab", selected=True)).to_have_text([name])
    await expect(page.get_by_role("tabpanel")).to_have_count(1)
    await expect(page.get_by_role("tabpanel", name=name, exact=True)).to_be_visible()
    for other in RECIPES:
        if other != name:
            await expect(page.locator("h3", has_text=other).and_(page.locator(".tab > h3"))).to_be_hidden()


async def test_tabs_open_by_pointer_and_by_keyboard(page: Page, product: Product) -> None:
    await page.goto(product.url + PATH)
    await expect(page.get_by_role("tablist", name="CRM recipes").get_by_role("tab")).to_have_text(RECIPES)
    await expect_open(page, "Any CRM")
    await tab(page, "HubSpot").click()
    await expect_open(page, "HubSpot")
    assert page.url.endswith("#hubspot")

    for key, reached in (
        ("ArrowRight", "Salesforce"),
        ("End", "Chrome extension"),
        ("ArrowRight", "Any CRM"),
        ("ArrowLeft", "Chrome extension"),
        ("Home", "Any CRM"),
    ):
        await page.keyboard.press(key)
        await expect(tab(page, reached)).to_be_focused()
        await expect_open(page, reached)
    # The Tab key reaches the list of tabs once, and then the links in the open panel.
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("tabpanel").locator(":focus")).to_have_count(1)


async def test_an_address_of_a_recipe_opens_its_tab(page: Page, product: Product) -> None:
    await page.goto(f"{product.url}{PATH}#salesforce")
    await expect_open(page, "Salesforce")
    await expect(page.get_by_role("heading", name="Salesforce")).to_be_in_viewport()
    await page.get_by_role("navigation", name="Contents").get_by_role("link", name="Chrome extension").click()
    await expect_open(page, "Chrome extension")
    # The same address again, with another tab opened meanwhile.
    await tab(page, "HubSpot").click()
    await page.evaluate("() => { location.hash = '#chrome-extension' }")
    await expect_open(page, "Chrome extension")
    await page.go_back()
    await expect(page.get_by_role("tab", selected=True)).not_to_have_text("Chrome extension")
    # A table of the page links into a tab that is not open.
    await tab(page, "HubSpot").click()
    await page.locator("article > table").get_by_role("link", name="Salesforce").click()
    await expect_open(page, "Salesforce")
    # A link to a heading outside the tabs does not change the open tab.
    await page.goto(f"{product.url}{PATH}#troubleshooting")
    await expect(page.get_by_role("heading", name="Troubleshooting")).to_be_in_viewport()


async def test_the_browsers_own_search_opens_the_tab_it_finds_something_in(page: Page, product: Product) -> None:
    await page.goto(product.url + PATH)
    # The browser dispatches this event when its search finds text inside.
    await page.locator("#panel-hubspot").evaluate("(panel) => panel.dispatchEvent(new Event('beforematch'))")
    await expect_open(page, "HubSpot")
    assert await page.locator("#panel-salesforce").get_attribute("hidden") == "until-found"


async def test_without_scripts_everything_can_be_read(browser: Browser, product: Product) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(product.url + PATH)
    for name in RECIPES:
        await expect(page.locator(".tab > h3", has_text=name)).to_be_visible()
    await expect(page.get_by_role("tab")).to_have_count(0)
    await expect(page.get_by_role("button", name="Copy")).to_have_count(0)
    await page.goto(f"{product.url}{PATH}#salesforce")
    await expect(page.get_by_role("heading", name="Salesforce")).to_be_in_viewport()
    await context.close()


async def test_an_example_is_copied_as_the_reader_sees_it(page: Page, customer: Customer) -> None:
    await sign_in(page, customer)
    await page.goto(customer.product.url + PATH)
    example = page.locator("figure", has_text="Your page").first
    await example.get_by_role("button", name="Copy").click()
    await expect(page.get_by_role("status").get_by_text("Copied")).to_be_visible()
    copied = await page.evaluate("() => navigator.clipboard.readText()")
    assert copied == await example.locator("code").text_content()
    assert f'data-token="{customer.token.raw[:8]}…"' in copied


async def test_a_readers_page_is_accessible_with_every_tab_open(page: Page, customer: Customer) -> None:
    await customer.product.make.token(customer.tenant, allowed_domains=("crm.acme.example",))
    await sign_in(page, customer)
    await page.goto(f"{customer.product.url}{PATH}#hubspot")
    await expect_open(page, "HubSpot")
    await expect(page.get_by_label("Examples for")).to_have_value(re.compile(r"[0-9a-f-]{36}"))
    # All at once: axe takes its time with a page of this length.
    await page.locator(".tab").evaluate_all(
        "(panels) => { for (const panel of panels) Object.assign(panel, { hidden: false, ariaHidden: null }) }"
    )
    await expect(page.get_by_role("tabpanel")).to_have_count(len(RECIPES))
    assert await findings(page) == []
