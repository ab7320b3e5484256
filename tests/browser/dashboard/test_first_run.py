"""The first run of a new user: sign-up, number, token, a call from their own page, and deletion."""

import re
import secrets

import pytest
from playwright.async_api import Locator, Page, expect

from browser.conftest import OpenPage
from support.browser.host_site import HostSite
from support.browser.phone import Phone
from support.browser.product import ECHO, Product
from support.mailbox import Mailbox

pytestmark = pytest.mark.anyio

PASSWORD = "plum riverbed lantern"
NAME = "Harbour Homes"
LABEL = "Main Website"
STARTER = "Organization plan does not support widgets"
CLIPBOARD = ["clipboard-read", "clipboard-write", "microphone"]
"""All permissions that the test needs, because granting some of them removes the others."""
SHOWN_NUMBER = "+1 212-555-0101"


async def sign_up(page: Page, product: Product) -> None:
    """Create an account and open the mailed link; ends where an organization is created."""
    email = f"{secrets.token_hex(6)}@example.com"
    await page.get_by_role("link", name="Create account").click()
    await page.get_by_label("Email", exact=True).fill(email)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Create account", exact=True).click()
    await expect(page.get_by_role("heading", name="Check your mail")).to_be_visible()
    await page.goto(product.url + await Mailbox(product.settings, email).link())
    await expect(page.get_by_role("status").get_by_text("Your e-mail address is confirmed.")).to_be_visible()


async def create_organization(page: Page) -> str:
    """Create an organization and return its slug."""
    await expect(page.get_by_role("heading", name="Create an organization")).to_be_visible()
    await page.get_by_label("Organization name", exact=True).fill(NAME)
    await page.get_by_label("Country", exact=True).select_option("US")
    await page.get_by_role("button", name="Create organization").click()
    await expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    slug = re.search(r"/dashboard/(harbour-homes[\w-]*)$", page.url)
    assert slug is not None, page.url
    return slug[1]


async def get_number(page: Page, area_code: str) -> str:
    """Search for numbers, get the first and return it as it is shown."""
    section = page.get_by_role("region", name="Phone number", exact=True)
    await section.get_by_label("Area code", exact=True).fill(area_code)
    await section.get_by_role("button", name="Search numbers").click()
    offer = section.get_by_role("table", name="Numbers you can get").get_by_role("row").nth(1)
    number = await offer.get_by_role("rowheader").inner_text()
    await offer.get_by_role("button", name="Get this number", exact=True).click()
    await expect(page.get_by_role("heading", name=f"Get {number}?")).to_be_visible()
    await expect(page.get_by_text("$1.15 a month")).to_be_visible()
    await page.get_by_role("button", name="Get this number", exact=True).click()
    await expect(page.get_by_role("status").get_by_text(f"{number} is yours")).to_be_visible()
    await expect(section.get_by_role("row", name=number).get_by_text("Default", exact=True)).to_be_visible()
    return number


async def generate_token(page: Page) -> str:
    """Generate a token for this machine's own names and return the snippet as the clipboard has it."""
    section = page.get_by_role("region", name="Embed Phone Widget", exact=True)
    await section.get_by_label("Label", exact=True).fill(LABEL)
    await section.get_by_label("Allowed domains", exact=True).fill("localhost, 127.0.0.1")
    await section.get_by_role("button", name="Generate Embed Token", exact=True).click()
    await expect(page.get_by_role("heading", name=f"{LABEL} is ready")).to_be_visible()
    await page.wait_for_load_state()  # on a busy machine the page is seen before its script runs
    await page.get_by_role("button", name="Copy", exact=True).click()
    await expect(page.get_by_role("status").get_by_text("Copied")).to_be_visible()
    copied: str = await page.evaluate("() => navigator.clipboard.readText()")
    return copied


async def call_from(phone: Phone) -> str:
    """Call the echo by the panel, hang up, and return what the panel named as the caller."""
    await phone.panel.get_by_role("button", name="Open phone").click()
    await phone.panel.get_by_role("textbox", name="Phone number").fill(SHOWN_NUMBER)
    await phone.panel.get_by_role("button", name="Call", exact=True).click()
    await phone.until_event("callAnswered")
    await phone.panel.get_by_role("button", name="Hang up").click()
    started, ended = (await phone.details("callStarted"))[0], await phone.until_event("callEnded")
    assert (ended["number"], ended["status"]) == (ECHO, "completed")
    caller: str = started["from"]
    return caller


async def see_call(dashboard: Phone) -> Locator:
    """The call in the list of calls, once the carrier has told that it ended."""
    page = dashboard.page
    await page.get_by_role("link", name="Calls", exact=True).click()
    call = page.get_by_role("row", name=SHOWN_NUMBER)

    async def is_completed() -> bool:
        if await call.get_by_text("Completed", exact=True).count() == 1:
            return True
        await page.reload()
        return False

    await dashboard.until("the completed call in the list", is_completed)
    return call


async def until_stopped(phone: Phone) -> str:
    """Return to the page of a revoked token until the phone shows its error; return the message."""

    async def come_back() -> str | None:
        # Playwright keeps every page focused, so a page gets no focus event when it is shown again.
        await phone.page.evaluate("() => window.dispatchEvent(new Event('focus'))")
        return str((await phone.details("error"))[-1]["message"]) if await phone.state() == "error" else None

    return await phone.until("the phone stopped", come_back)


@pytest.mark.full_chromium  # has a clipboard
async def test_a_new_user_gets_from_signing_up_to_a_call_and_can_end_it_all(
    product: Product, open_page: OpenPage, host_site: HostSite
) -> None:
    dashboard = await open_page(product.url, product, permissions=CLIPBOARD)
    page = dashboard.page
    await sign_up(page, product)
    slug = await create_organization(page)
    steps = page.get_by_role("region", name="Your first call")
    await expect(steps.get_by_role("heading", name=re.compile("to do$"))).to_have_count(4)

    # Each section that leads to a phone says that the starter plan supports no widgets.
    await expect(page.get_by_text(STARTER, exact=True)).to_be_visible()
    await page.get_by_role("link", name="Generate a token").click()
    section = page.get_by_role("region", name="Embed Phone Widget", exact=True)
    await expect(section.get_by_text(STARTER, exact=True)).to_be_visible()
    await expect(section.get_by_role("button", name="Generate Embed Token", exact=True)).to_be_disabled()
    menu = page.get_by_role("navigation", name="Settings")
    await menu.get_by_role("link", name="Phone number").click()
    await expect(page.get_by_role("button", name="Search numbers")).to_be_disabled()
    await menu.get_by_role("link", name="Embed Phone Widget").click()
    await section.get_by_role("button", name="Request upgrade", exact=True).click()
    await expect(page.get_by_text("Pro was requested on")).to_be_visible()
    await product.epoch("organization", "set-plan", slug, "pro")
    await page.reload()
    await expect(page.get_by_text(STARTER, exact=True)).to_have_count(0)
    await expect(section.get_by_text("No phone number provisioned", exact=True)).to_be_visible()

    await menu.get_by_role("link", name="Phone number").click()
    number = await get_number(page, "415")
    assert re.fullmatch(r"\+1 415-\d{3}-\d{4}", number)
    await menu.get_by_role("link", name="Embed Phone Widget").click()
    snippet = await generate_token(page)
    tag = re.fullmatch(rf'<script src="{product.url}/widget/phone\.js" data-token="(ept_\w{{38}})"></script>', snippet)
    assert tag is not None, snippet
    await page.reload()
    await expect(section.get_by_role("row", name=LABEL)).to_be_visible()
    assert tag[1] not in await page.content()

    phone = await open_page(host_site.page(snippet), product)
    await phone.until_event("ready")
    assert await call_from(phone) == "+" + re.sub(r"\D", "", number)
    assert phone.console == []

    call = await see_call(dashboard)
    await call.get_by_role("link").click()
    panel = page.get_by_role("dialog", name="Call")
    await expect(panel.get_by_text(number)).to_be_visible()
    await expect(panel.get_by_text(host_site.origin)).to_be_visible()
    await panel.get_by_role("button", name="Close").click()
    await page.get_by_role("link", name="Overview", exact=True).click()
    tiles = page.get_by_role("list", name="This week").get_by_role("listitem")
    await expect(tiles.filter(has_text="Calls made").get_by_text("1", exact=True)).to_be_visible()
    await expect(page.get_by_role("region", name="Latest calls").get_by_text(SHOWN_NUMBER)).to_be_visible()
    await expect(page.get_by_role("region", name="Answer rate by token").get_by_text(LABEL)).to_be_visible()
    await expect(steps).to_have_count(0)

    await page.get_by_role("link", name="Settings", exact=True).click()
    await menu.get_by_role("link", name="Embed Phone Widget").click()
    await page.get_by_role("button", name=f"Revoke {LABEL}", exact=True).click()
    dialog = page.get_by_role("dialog", name=f"Revoke “{LABEL}”?")
    await dialog.get_by_role("button", name="Revoke token", exact=True).click()
    await expect(section.get_by_role("row", name=LABEL)).to_have_count(0)
    assert await until_stopped(phone) == "Invalid or revoked token"
    await expect(phone.panel.get_by_role("alert").get_by_text("Invalid or revoked token")).to_be_visible()
    assert (await phone.call(ECHO)).is_started is False
    assert dashboard.console == []
