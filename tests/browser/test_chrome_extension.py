"""The Chrome extension's kit, loaded into a browser as customers load it, on a CRM page with a strict policy."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, Playwright, Route, expect

from browser.conftest import OpenPage, launch_options
from browser.dashboard import download_kit, generate_token, sign_in
from browser.phone import WATCH, Phone
from browser.product import Customer

pytestmark = pytest.mark.anyio
CRM = "https://app.hubspot.com/contacts/1"
POLICY = "default-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
RECORD = """<!doctype html><html lang="en"><meta charset="utf-8"><title>A record</title><body>
<p id="text">Office (212) 555-0101, home +1 415 555 0123.</p>
<p id="link"><a href="tel:+12125550101">Ada</a></p>
<p id="none">Order 20261122-1, 2026-11-22, host 10.20.30.40, id 123456789012345678, total 1,234,567.89</p>
<p id="typed" contenteditable="true">(212) 555-0101</p>
<textarea id="area">(212) 555-0101</textarea>
<p id="label"><span data-phone="Front desk">Front desk</span></p>
<div id="late"></div></body></html>"""
CHIP = "[data-epoch-chip]"


@pytest.fixture
async def kit(customer: Customer, open_page: OpenPage, tmp_path: Path) -> Path:
    """A folder with the kit as the page that shows a token gives it; its own origin is then allowed for the token."""
    dashboard = await open_page(f"{customer.product.url}/login", customer.product)
    page = dashboard.page
    await sign_in(page, customer)
    await generate_token(page, customer, "mysite.com")
    shown = await page.locator("#kits code", has_text="chrome-extension://").text_content()
    files = await download_kit(page, "Chrome extension")
    await page.get_by_role("link", name="Done").click()
    await page.get_by_role("link", name="Edit CRM").click()
    await page.get_by_label("Allowed domains", exact=True).fill(str(shown))
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_role("status").get_by_text("Token saved")).to_be_visible()
    folder = tmp_path / "extension"
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
async def context(playwright: Playwright, kit: Path, tmp_path: Path) -> AsyncIterator[BrowserContext]:
    """A browser with the extension in it."""
    options = launch_options()
    program = Path(options["executable_path"]).name
    if "headless" in program:
        pytest.fail(f"{program} cannot load extensions: install Debian's chromium or Google Chrome", pytrace=False)
    options["args"] += [f"--disable-extensions-except={kit}", f"--load-extension={kit}"]
    launched = await playwright.chromium.launch_persistent_context(
        tmp_path / "profile", headless=True, channel=None, permissions=["local-network-access", "microphone"], **options
    )
    await launched.add_init_script(path=WATCH)
    yield launched
    await launched.close()


async def open_record(context: BrowserContext) -> Page:
    async def serve(route: Route) -> None:
        await route.fulfill(body=RECORD, content_type="text/html", headers={"Content-Security-Policy": POLICY})

    await context.route("https://app.hubspot.com/**", serve)
    page = await context.new_page()
    await page.goto(CRM)
    await expect(page.locator(f"#text {CHIP}")).to_have_count(2)
    return page


async def test_a_chip_calls_from_a_page_with_a_strict_policy(context: BrowserContext, customer: Customer) -> None:
    page = await open_record(context)
    await expect(page.locator(f"#link {CHIP}")).to_have_count(1)
    for quiet in ("#none", "#typed", "#area"):
        await expect(page.locator(f"{quiet} {CHIP}")).to_have_count(0)
    await page.evaluate("() => document.getElementById('late').append('Mobile 212.555.0102')")
    await expect(page.locator(f"#late {CHIP}")).to_have_count(1)

    async with context.expect_page(lambda opened: "phone.html" in opened.url) as opening:
        await page.get_by_role("button", name="Call (212) 555-0101").first.click()
    phone = Phone(await opening.value, customer.product, customer)
    await phone.page.wait_for_load_state()
    started = await phone.until_event("callStarted")
    assert started["metadata"] == {"source": "chrome-extension"}
    await phone.until_event("callAnswered")

    # A call goes on while its page goes away, and a second one is refused.
    await page.goto(f"{CRM}?again")
    await page.get_by_role("button", name="Call +1 415 555 0123").click()
    await expect(phone.page.locator("#note")).to_have_text(
        "A call is under way. Hang up before you call another number: +1 415 555 0123"
    )
    assert await phone.state() == "in-progress"
    await phone.hangup()
    record = await phone.record(started["callId"])
    assert (record["status"], record["to"]) == ("completed", "+12125550101")
    assert record["origin"].startswith("chrome-extension://")

    await page.get_by_role("button", name="Call Front desk").click()
    await expect(phone.page.locator("#note")).to_have_text("Invalid phone number: Front desk")
    assert len([one for one in context.pages if "phone.html" in one.url]) == 1
