"""The API reference page: shown under the strict content security policy without other hosts; it sends requests."""

import pytest
from playwright.async_api import Browser, Page, expect

from browser.conftest import OpenPage
from support.browser.axe import findings, violations
from support.browser.contexts import open_context
from support.browser.product import Product

pytestmark = pytest.mark.anyio
HEADER_AND_WEBHOOKS = ".information-container, .scheme-container, .opblock-tag-section:has(#operations-tag-Webhooks)"
"""Parts of the page; the operations of webhooks have every method."""


async def test_the_reference_is_drawn_without_anything_from_elsewhere(product: Product, open_page: OpenPage) -> None:
    opened = await open_page(f"{product.url}/schema/ui", product)
    create = opened.page.locator(".opblock", has_text="Create an API key")

    await create.locator(".opblock-summary-control").click()

    await expect(create.get_by_text("too_many_keys").first).to_be_attached()
    await expect(create.get_by_text("application/problem+json").first).to_be_attached()
    assert opened.console == []
    assert [url for url in opened.requests if not url.startswith((product.url, "data:"))] == []


async def test_trying_a_request_out_carries_the_sessions_token(product: Product, open_page: OpenPage) -> None:
    opened = await open_page(f"{product.url}/schema/ui", product)
    sign_in = opened.page.locator(".opblock-post", has_text="Sign in")
    await sign_in.locator(".opblock-summary-control").click()
    await sign_in.get_by_role("button", name="Try it out").click()

    async with opened.page.expect_response(f"{product.url}/api/session") as waited:
        await sign_in.get_by_role("button", name="Execute").click()

    answer = await waited.value
    assert answer.status == 401
    assert (await answer.json())["code"] == "wrong_credentials"


async def test_everybody_can_read_the_reference_and_try_requests_out(browser: Browser, product: Product) -> None:
    async with open_context(browser, product) as context:
        page = await context.new_page()
        await page.goto("/schema/ui")
        await expect(page.locator(".opblock").first).to_be_visible()
        # All operations are drawn alike: each is checked once, and some of them in each scheme and width.
        assert await violations(page, "light") == []
        assert await findings(page, within=HEADER_AND_WEBHOOKS) == []

        for summary in ("Calls as CSV", "Create an API key", "Change countries"):
            await _open_to_try(page, summary)
        assert await findings(page, within=".opblock.is-open") == []

        await page.get_by_role("button", name="Authorize").click()
        await expect(page.get_by_role("heading", name="Available authorizations")).to_be_visible()
        assert await findings(page, within=".dialog-ux") == []


async def _open_to_try(page: Page, summary: str) -> None:
    operation = page.locator(".opblock", has_text=summary)
    await operation.locator(".opblock-summary-control").click()
    await operation.get_by_role("button", name="Try it out").click()
    await expect(operation.get_by_role("button", name="Execute")).to_be_visible()
