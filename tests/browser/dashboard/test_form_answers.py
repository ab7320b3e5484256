"""The dashboard's forms: errors and results are seen, values are not cut off; old settings URLs, date filters."""

import pytest
import sqlalchemy as sa
from playwright.async_api import Browser, Page, ViewportSize, expect

from epoch.cli.seed import DEMO_LIMITS
from support.browser.dashboard import sign_in
from support.browser.product import Customer
from tenants.models import Organization

pytestmark = pytest.mark.anyio
PHONE = ViewportSize(width=360, height=740)


async def settings(browser: Browser, customer: Customer, address: str = "settings") -> Page:
    """A page of the settings on a phone's screen, as the organization's owner sees it."""
    page = await (await browser.new_context(viewport=PHONE)).new_page()
    await sign_in(page, customer)
    await page.goto(f"{customer.product.url}/dashboard/{customer.tenant.organization.slug}/{address}")
    return page


async def test_addresses_of_the_former_single_page_lead_to_the_page_of_their_section(
    browser: Browser, customer: Customer
) -> None:
    page = await settings(browser, customer, "settings?all=tokens#embed-phone-widget")
    await page.wait_for_url("**/settings/widget?all=tokens#embed-phone-widget")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Embed Phone Widget")
    await page.goto(f"{customer.product.url}/dashboard/{customer.tenant.organization.slug}/settings#team")
    await page.wait_for_url("**/settings/team#team")
    await page.context.close()


async def test_what_is_wrong_with_a_form_far_down_is_seen_and_has_the_focus(
    browser: Browser, customer: Customer
) -> None:
    page = await settings(browser, customer, "settings/team")
    await page.get_by_role("button", name="Leave organization", exact=True).click()
    await page.get_by_role("dialog").get_by_role("button", name="Leave organization", exact=True).click()
    problem = page.get_by_role("alert").filter(has_text="An organization needs an owner")
    await expect(problem).to_be_in_viewport(ratio=1)
    await expect(problem).to_be_focused()
    await page.context.close()


async def test_the_numbers_that_a_search_found_are_seen(browser: Browser, customer: Customer) -> None:
    page = await settings(browser, customer)
    await page.get_by_label("Area code", exact=True).fill("415")
    await page.get_by_role("button", name="Search numbers", exact=True).click()
    await expect(page.get_by_role("button", name="Get this number").first).to_be_in_viewport()
    await page.get_by_label("Digits", exact=True).fill("99999999")
    await page.get_by_role("button", name="Search numbers", exact=True).click()
    await expect(page.get_by_text("No numbers found")).to_be_in_viewport()
    await page.get_by_label("Area code", exact=True).fill("4x")
    await page.get_by_role("button", name="Search numbers", exact=True).click()
    await expect(page.get_by_label("Area code", exact=True)).to_be_focused()
    await expect(page.get_by_label("Area code", exact=True)).to_be_in_viewport()
    await page.context.close()


async def test_the_two_dates_of_the_audit_logs_filter_share_a_line(browser: Browser, customer: Customer) -> None:
    page = await settings(browser, customer)
    await page.goto(f"{customer.product.url}/dashboard/{customer.tenant.organization.slug}/audit")
    first = await page.get_by_label("From", exact=True).bounding_box()
    last = await page.get_by_label("To", exact=True).bounding_box()
    assert first is not None
    assert last is not None
    assert first["y"] == last["y"]
    assert first["x"] < last["x"]
    await page.context.close()


async def test_a_date_without_its_year_stays_and_nothing_is_filtered(browser: Browser, customer: Customer) -> None:
    page = await settings(browser, customer)
    await page.goto(f"{customer.product.url}/dashboard/{customer.tenant.organization.slug}/audit")
    since = page.get_by_label("From", exact=True)
    await since.focus()
    await page.keyboard.type("1130")
    await page.get_by_role("button", name="Filter", exact=True).click()
    await expect(page.get_by_text("Enter the whole date, or leave the field empty")).to_be_in_viewport()
    await expect(since).to_be_focused()
    assert "since" not in page.url
    assert await since.evaluate("field => field.validity.badInput")
    await page.context.close()


@pytest.mark.parametrize("width", [360, 1280])
async def test_the_greatest_limits_are_seen_whole(browser: Browser, customer: Customer, width: int) -> None:
    organization = Organization.id == customer.tenant.organization.id
    async with customer.product.database.sessions() as session, session.begin():
        await session.execute(sa.update(Organization).where(organization).values(limits=DEMO_LIMITS))
    page = await settings(browser, customer, "settings/calling-rules")
    await page.set_viewport_size({"width": width, "height": 740})
    field = page.get_by_label("Minutes per month", exact=True)
    await expect(field).to_have_value("10000000")
    cut = "(inputs) => inputs.filter((input) => input.scrollWidth > input.clientWidth).map(({ name }) => name)"
    assert await page.locator("table.limits input").evaluate_all(cut) == []
    await page.context.close()
