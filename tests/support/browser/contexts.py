"""Opens a browser context of a visitor or of a signed-in person, with axe-core in its pages."""

import contextlib
from collections.abc import AsyncIterator

from playwright.async_api import Browser, BrowserContext

from accounts.models import User
from support.browser.axe import AXE
from support.browser.product import Product
from support.browser.sessions import give_session


@contextlib.asynccontextmanager
async def open_context(browser: Browser, product: Product, user: User | None = None) -> AsyncIterator[BrowserContext]:
    """A browser context, signed in when ``user`` is given."""
    async with await browser.new_context(base_url=product.url) as context:
        await context.add_init_script(path=AXE)
        if user is not None:
            await give_session(context, product, user)
        yield context
