"""Buying a number in a country that requires a registered address: the search says so, and the form registers it."""

import pytest
from playwright.async_api import Browser, expect

from browser.conftest import SetSwitches
from support.browser.contexts import open_context
from support.browser.product import Product

pytestmark = pytest.mark.anyio


async def test_an_address_is_registered_and_the_number_is_got(
    browser: Browser, product: Product, set_switches: SetSwitches
) -> None:
    customer = await product.customer(number=False)
    await set_switches(address_required=["GB"], address_requirement="local")
    async with open_context(browser, product, customer.tenant.owner) as context:
        page = await context.new_page()
        search = f"/dashboard/{customer.tenant.organization.slug}/settings/numbers?country=GB&locality=Leeds"
        await page.goto(search)
        await expect(page.get_by_text("No numbers found")).to_be_visible()
        await page.goto(f"{search}&show=all")
        await page.get_by_role("link", name="Needs a registered address in the United Kingdom").first.click()

        part = page.locator("#registered-addresses")
        await expect(part.get_by_label("Country of the address")).to_have_value("GB")
        await part.get_by_label("Name of the company or person").fill("Acme Realty")
        await part.get_by_label("Town or city").fill("Leeds")
        await part.get_by_label("Postal code").fill("LS1 1UR")
        await part.get_by_role("button", name="Register address").click()
        await expect(part.get_by_label("Street and number")).to_be_focused()
        await part.get_by_label("Street and number").fill("1 The Headrow")
        await part.get_by_role("button", name="Register address").click()
        await expect(page.get_by_text("The address in the United Kingdom is registered")).to_be_visible()
        await expect(part.get_by_text("1 The Headrow, LS1 1UR, Leeds")).to_be_visible()

        await page.goto(search)
        await page.get_by_role("button", name="Get this number").first.click()
        await expect(page.get_by_text("Your registered address is used")).to_be_visible()
        await page.get_by_role("button", name="Get this number").click()
        await expect(page.get_by_text("is yours")).to_be_visible()
