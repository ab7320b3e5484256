"""The API's reference in a real browser: drawn under the pages' strict policy, from our own files."""

import pytest
from playwright.async_api import expect

from browser.conftest import OpenPage
from browser.product import Product

pytestmark = pytest.mark.anyio


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
