"""Passkeys in Chromium with its virtual authenticator: customers and staff add one and sign in with it."""

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from admin.models import StaffRole
from support.browser.axe import AXE, findings
from support.browser.dashboard import sign_in
from support.browser.product import Product
from support.passwords import PASSWORD
from support.staff import make_staff

pytestmark = pytest.mark.anyio


@pytest.fixture
async def context(browser: Browser, product: Product) -> AsyncIterator[BrowserContext]:
    async with await browser.new_context(base_url=product.url) as context:
        await context.add_init_script(path=AXE)
        yield context


async def page_with_authenticator(context: BrowserContext) -> Page:
    """A page in a browser with a virtual authenticator that verifies the person."""
    page = await context.new_page()
    session = await context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    await session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return page


async def fill_password(page: Page, email: str) -> None:
    await page.get_by_label("Email", exact=True).fill(email)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()


async def sign_out(page: Page) -> None:
    """Sign out on a wide page, where the button is not in the menu; ends on the page to sign in."""
    await page.set_viewport_size({"width": 1280, "height": 800})
    await page.get_by_role("button", name="Sign out", exact=True).click()
    await expect(page.get_by_role("heading", name=re.compile("^(Sign in|Staff sign-in)$"), level=1)).to_be_visible()


async def test_a_customer_adds_a_passkey_and_signs_in_with_it(context: BrowserContext, product: Product) -> None:
    customer = await product.customer()
    page = await page_with_authenticator(context)
    await sign_in(page, customer)
    await page.goto("/account")
    section = page.get_by_role("region", name="Passkeys")
    await section.get_by_label("Passkey name").fill("This laptop")
    await section.get_by_label("Password", exact=True).fill("wrong wrong wrong")
    await section.get_by_role("button", name="Add passkey", exact=True).click()
    await expect(section.get_by_role("alert")).to_have_text("This is not your password.")
    await section.get_by_label("Password", exact=True).fill(PASSWORD)
    await section.get_by_role("button", name="Add passkey", exact=True).click()
    await expect(page.get_by_role("status").get_by_text("Your passkey is added.")).to_be_visible()
    await expect(section.get_by_role("row", name="This laptop")).to_be_visible()
    assert await findings(page) == []
    await sign_out(page)
    assert await findings(page) == []
    await page.get_by_role("button", name="Sign in with a passkey", exact=True).click()
    await expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    await sign_out(page)
    await fill_password(page, customer.tenant.owner.email)
    await expect(page.get_by_role("heading", name="Use your passkey")).to_be_visible()
    await page.get_by_role("button", name="Sign in with a passkey", exact=True).click()
    await expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    await page.goto("/account")
    await section.get_by_role("link", name="Change This laptop").click()
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    assert await findings(page) == []
    await page.get_by_role("button", name="Remove passkey", exact=True).click()
    await expect(page.get_by_role("status").get_by_text("The passkey is removed.")).to_be_visible()


async def test_staff_add_a_passkey_as_their_second_factor(context: BrowserContext, product: Product) -> None:
    staff = await make_staff(product.database, StaffRole.SUPPORT)
    page = await page_with_authenticator(context)
    await page.goto("/admin")
    await fill_password(page, staff.email)
    await page.get_by_label("Passkey name").fill("This laptop")
    await page.get_by_role("button", name="Add passkey", exact=True).click()
    await expect(page.get_by_role("heading", name="Back office", level=1)).to_be_visible()
    await sign_out(page)
    await page.get_by_role("button", name="Sign in with a passkey", exact=True).click()
    await expect(page.get_by_role("heading", name="Back office", level=1)).to_be_visible()
    await sign_out(page)
    await fill_password(page, staff.email)
    await page.get_by_role("button", name="Sign in with a passkey", exact=True).click()
    await expect(page.get_by_role("heading", name="Back office", level=1)).to_be_visible()
    await page.goto("/admin/account")
    await expect(page.get_by_role("row", name="This laptop")).to_be_visible()
    assert await findings(page) == []
