"""The dashboard's call data settings: erasing a phone number, and downloading all data of calls."""

import io
import zipfile

import pytest
from anyio import to_thread
from playwright.async_api import Browser, expect

from calls.limits.models import BlockedNumber
from support.browser.axe import AXE, findings
from support.browser.dashboard import sign_in
from support.browser.product import Product
from support.call_factory import add_call

pytestmark = pytest.mark.anyio


async def test_a_number_is_erased_and_everything_is_downloaded(browser: Browser, product: Product) -> None:
    customer = await product.customer()
    for _ in range(2):
        await add_call(product.database, customer.tenant, customer.token, to_number="+12125550147", agent="Ada")
    await add_call(product.database, customer.tenant, customer.token, details={"also": "212-555-0147"})
    async with product.database.sessions() as session, session.begin():
        session.add(BlockedNumber(organization_id=customer.tenant.organization.id, number="+12125550147"))
    page = await browser.new_page()
    await page.add_init_script(path=AXE)
    await sign_in(page, customer)
    slug = customer.tenant.organization.slug
    await page.goto(f"{product.url}/dashboard/{slug}/settings/organization")
    section = page.get_by_role("region", name="Organization", exact=True)

    await section.get_by_label("Keep call data for").select_option("6 months")
    await section.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_text("Call data is kept for 6 months")).to_be_visible()

    await section.get_by_label("Erase a phone number").fill("nobody")
    await section.get_by_role("button", name="Find calls").click()
    await expect(section.get_by_label("Erase a phone number")).to_be_focused()
    await expect(section.get_by_text("Invalid phone number")).to_be_visible()

    await section.get_by_label("Erase a phone number").fill("(212) 555-0147")
    await section.get_by_role("button", name="Find calls").click()
    await expect(page.get_by_role("heading", name="Erase +1 212-555-0147?")).to_be_visible()
    await expect(page.get_by_text("2 calls have this number")).to_be_visible()
    await expect(page.get_by_text("1 other call mentions the number")).to_be_visible()
    assert await findings(page) == []
    await page.get_by_label("Also take it off the block list").check()
    await page.get_by_role("button", name="Erase number").click()
    await expect(page.get_by_text("erased from 2 calls and the metadata of 1 other call")).to_be_visible()
    await expect(page.get_by_text("It is off the block list")).to_be_visible()

    download = page.get_by_role("button", name="Download everything")
    for _ in range(2):  # the form works again though its page never left
        async with page.expect_download() as begun:
            await download.click()
        content = await to_thread.run_sync((await (await begun.value).path()).read_bytes)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert "calls.csv" in archive.namelist()
            assert b"5550147" not in archive.read("calls.csv")
        await expect(download).not_to_have_attribute("aria-busy", "true")

    await page.goto(f"{product.url}/dashboard/{slug}/calls")
    await expect(page.get_by_text("Number erased").first).to_be_visible()
    assert await findings(page) == []
    await page.close()
