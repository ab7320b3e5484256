"""Searching and buying a number: the sandbox carrier requires addresses and ignores area codes as the real one does."""

import pytest
from playwright.async_api import Browser, expect

from browser.conftest import SetSwitches
from support.browser.contexts import open_context
from support.browser.product import Product

pytestmark = pytest.mark.anyio


async def test_numbers_that_need_an_address_say_so_and_others_are_got(
    browser: Browser, product: Product, set_switches: SetSwitches
) -> None:
    customer = await product.customer(number=False)
    await set_switches(address_required=["NZ"], address_requirement="local", area_code_ignored_abroad=True)
    async with open_context(browser, product, customer.tenant.owner) as context:
        page = await context.new_page()
        await page.goto(f"/dashboard/{customer.tenant.organization.slug}/settings/phone-numbers")
        offers = page.get_by_role("table", name="Numbers you can get")
        get = offers.get_by_role("button", name="Get this number")

        await page.get_by_label("Country", exact=True).select_option("NZ")
        await page.get_by_label("Show", exact=True).select_option("all")
        await page.get_by_role("button", name="Search numbers").click()
        await expect(offers.get_by_text("Needs a registered address in New Zealand").first).to_be_visible()
        await expect(get).to_have_count(0)

        async with page.expect_response("**/settings/numbers/fields?*"):
            await page.get_by_label("Country", exact=True).select_option("GB")
        await expect(page.get_by_label("Type", exact=True).get_by_role("option", name="Mobile")).to_have_count(1)
        await expect(page.get_by_label("Area code", exact=True)).to_have_count(1)
        await page.get_by_label("City", exact=True).fill("Leeds")
        await page.get_by_role("button", name="Search numbers").click()
        await expect(offers.get_by_role("cell", name="Leeds").first).to_be_visible()
        await expect(offers.get_by_role("cell", name="London")).to_have_count(0)
        await get.first.click()
        await expect(page.get_by_text("No number yet")).to_have_count(0)
