"""A browser context of a visitor or of a signed-in person, with axe-core in its pages."""

import contextlib
from collections.abc import AsyncIterator

from playwright.async_api import Browser, BrowserContext, expect

from support.browser.axe import AXE
from support.browser.product import Product
from support.factories import PASSWORD


@contextlib.asynccontextmanager
async def visiting(browser: Browser, product: Product, email: str | None = None) -> AsyncIterator[BrowserContext]:
    """A browser context, signed in when ``email`` is given."""
    async with await browser.new_context(base_url=product.url) as context:
        await context.add_init_script(path=AXE)
        if email is not None:
            await _sign_in(context, email)
        yield context


async def _sign_in(context: BrowserContext, email: str) -> None:
    page = await context.new_page()
    await page.goto("/login")
    await page.get_by_label("Email", exact=True).fill(email)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    await page.close()
