"""The Chrome extension kit in Chromium: calls from a CRM page with a strict policy, options, microphone page."""

from collections.abc import AsyncIterator, Awaitable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Playwright, Route, Worker, expect

from browser.conftest import launch_options
from support.browser.axe import AXE, findings
from support.browser.dashboard import download_kit, generate_token, sign_in
from support.browser.phone import WATCH, Phone
from support.browser.product import Customer, Product

pytestmark = [pytest.mark.anyio, pytest.mark.full_chromium]
CRM = "https://app.hubspot.com/contacts/1"
POLICY = "default-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
RECORD = """<!doctype html><html lang="en"><meta charset="utf-8"><title>A record</title><body>
<p id="text">Office (212) 555-0101, home +1 415 555 0123.</p>
<p id="extension">Desk (212) 555-0101 x204, fax 212-555-0101, ext 7 or 212-555-0101 extra.</p>
<p id="link"><a href="tel:+12125550101">Ada</a></p>
<p id="none">Order 20261122-1, 2026-11-22, host 10.20.30.40, id 123456789012345678, total 1,234,567.89</p>
<p id="typed" contenteditable="true">(212) 555-0101</p>
<textarea id="area">(212) 555-0101</textarea>
<p id="label"><span data-phone="Front desk">Front desk</span></p>
<div id="late"></div></body></html>"""
CHIP = "[data-epoch-chip]"


@pytest.fixture(scope="module")
async def customer(product: Product) -> Customer:
    """An organization that may call; the tests share its kit, and each has a browser of its own."""
    return await product.customer()


@pytest.fixture(scope="module")
async def kit(customer: Customer, full_chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the kit as the page that shows a token gives it; its own origin is then allowed for the token."""
    async with await full_chromium.new_context() as dashboard:
        page = await dashboard.new_page()
        await sign_in(page, customer)
        await generate_token(page, customer, "mysite.com")
        shown = await page.locator("#kits code", has_text="chrome-extension://").text_content()
        files = await download_kit(page, "Chrome extension")
        await page.get_by_role("link", name="Done").click()
        await page.get_by_role("link", name="Edit CRM").click()
        await page.get_by_label("Allowed domains", exact=True).fill(str(shown))
        await page.get_by_role("button", name="Save", exact=True).click()
        await expect(page.get_by_role("status").get_by_text("Saved. From the next page load on")).to_be_visible()
    folder = tmp_path_factory.mktemp("extension")
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
    written = await page.locator(f"#extension {CHIP} button").evaluate_all("(chips) => chips.map(({ title }) => title)")
    assert written == ["Call (212) 555-0101 x204", "Call 212-555-0101, ext 7", "Call 212-555-0101"]
    for quiet in ("#none", "#typed", "#area"):
        await expect(page.locator(f"{quiet} {CHIP}")).to_have_count(0)
    await page.evaluate("() => document.getElementById('late').append('Mobile 212.555.0102')")
    await expect(page.locator(f"#late {CHIP}")).to_have_count(1)

    async with context.expect_page(lambda opened: "phone.html" in opened.url) as opening:
        await page.get_by_role("button", name="Call (212) 555-0101").first.click()
    phone = Phone(await opening.value, customer.product, customer)
    await phone.page.wait_for_load_state()
    call = await answered_call(phone)
    assert call["metadata"] == {"source": "chrome-extension"}

    # A call continues when its page is left, and a second call is refused.
    await page.goto(f"{CRM}?again")
    await page.get_by_role("button", name="Call +1 415 555 0123").click()
    await expect(phone.page.locator("#note")).to_have_text(
        "A call is under way. Hang up before you call another number: +1 415 555 0123"
    )
    assert await phone.state() == "in-progress"
    await phone.hangup()
    record = await phone.record(call["callId"])
    assert (record["status"], record["to"]) == ("completed", "+12125550101")
    assert record["origin"].startswith("chrome-extension://")

    await page.get_by_role("button", name="Call Front desk").click()
    await expect(phone.page.locator("#note")).to_have_text("Invalid phone number: Front desk")
    assert len([one for one in context.pages if "phone.html" in one.url]) == 1


# A browser refuses to change an entry that is not there; the extension makes it a moment after it was installed.
UNTIL_ENTRY = """
async () => {
  for (let left = 200; ; left -= 1) {
    try {
      return await chrome.contextMenus.update('call', { visible: true });
    } catch (error) {
      if (!left) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
"""


async def worker_of(context: BrowserContext) -> Worker:
    """The extension's background script."""
    return context.service_workers[0] if context.service_workers else await context.wait_for_event("serviceworker")


async def phone_by(context: BrowserContext, customer: Customer, act: Awaitable[object]) -> Phone:
    """The phone's window, which ``act`` opens."""
    async with context.expect_page(lambda opened: "phone.html" in opened.url) as opening:
        await act
    phone = Phone(await opening.value, customer.product, customer)
    await phone.page.wait_for_load_state()
    return phone


async def answered_call(phone: Phone) -> dict[str, Any]:
    """The phone's present call once it is answered.

    Read from the phone, not from its events: on a busy machine the extension's new window can place its call before the
    browser lets the test watch it.
    """
    answered = "() => { const call = window.EpochPhone?.getCall(); return call?.answeredAt ? call : null }"
    return await phone.until("an answered call", lambda: phone.page.evaluate(answered))


async def test_a_selected_number_and_a_typed_one_are_called(context: BrowserContext, customer: Customer) -> None:
    worker = await worker_of(context)
    await worker.evaluate(UNTIL_ENTRY)
    # Dispatches the event of the chosen menu entry, because the browser draws its menu outside of the page.
    chosen = worker.evaluate(
        "() => chrome.contextMenus.onClicked.dispatch({ menuItemId: 'call', selectionText: ' (212) 555-0101 ' }, {})"
    )
    phone = await phone_by(context, customer, chosen)
    assert (await answered_call(phone))["number"] == "+12125550101"
    await phone.hangup()
    await worker.evaluate("() => chrome.omnibox.onInputEntered.dispatch('Front desk', 'currentTab')")
    await expect(phone.page.locator("#note")).to_have_text("Invalid phone number: Front desk")
    await worker.evaluate("() => chrome.omnibox.onInputEntered.dispatch('+12125550105', 'currentTab')")

    async def of_the_typed_number(event: str) -> bool:
        return any(detail["number"] == "+12125550105" for detail in await phone.details(event))

    for event in ("callStarted", "callEnded"):
        await phone.until(f"{event} of the typed number", partial(of_the_typed_number, event))
    assert len([one for one in context.pages if "phone.html" in one.url]) == 1


async def test_the_options_change_the_token_and_keep_chips_off_a_site(
    context: BrowserContext, customer: Customer
) -> None:
    record = await open_record(context)
    base = (await worker_of(context)).url.rpartition("/")[0]
    options = await context.new_page()
    await options.goto(f"{base}/options.html")
    await expect(options.locator("#origin")).to_have_text(base)
    token, save = options.get_by_label("Embed token"), options.get_by_role("button", name="Save")
    await token.fill("ept_short")
    await save.click()
    await expect(options.get_by_role("status")).to_have_text("Invalid embed token")
    await expect(token).to_be_focused()
    await token.fill(f" {customer.token.raw} ")
    await options.get_by_label("Sites without call chips").fill("App.HubSpot.com, other.example")
    await save.click()
    await expect(options.get_by_role("status")).to_have_text("Saved. Reload the pages of your CRM.")
    await options.reload()
    await expect(token).to_have_value(customer.token.raw)
    await expect(options.get_by_label("Sites without call chips")).to_have_value("app.hubspot.com\nother.example")

    await record.reload()
    elsewhere = await context.new_page()
    await context.route(
        "https://acme.lightning.force.com/**", lambda route: route.fulfill(body=RECORD, content_type="text/html")
    )
    await elsewhere.goto("https://acme.lightning.force.com/1")
    await expect(elsewhere.locator(f"#text {CHIP}")).to_have_count(2)
    await expect(record.locator(CHIP)).to_have_count(0)

    # The extension now uses the customer's own token, which was entered in its options.
    await customer.revoke()
    worker = await worker_of(context)
    phone = await phone_by(context, customer, worker.evaluate("() => chrome.action.onClicked.dispatch({})"))
    assert (await phone.until_event("error"))["message"] == "Invalid or revoked token"
    await expect(phone.panel.get_by_text("Invalid or revoked token").first).to_be_visible()
    await record.goto("about:blank")
    await elsewhere.get_by_role("button", name="Call (212) 555-0101").first.click()
    await expect(phone.page.locator("#note")).to_have_text("Invalid or revoked token: (212) 555-0101")


async def test_the_microphones_page_asks_once_and_says_what_came_of_it(context: BrowserContext) -> None:
    base = (await worker_of(context)).url.rpartition("/")[0]
    # It opens by itself when the extension is installed.
    address = f"{base}/permission.html"
    page = next((one for one in context.pages if one.url == address), None)
    page = page or await context.wait_for_event("page", lambda opened: opened.url == address)
    allow, note = page.get_by_role("button", name="Allow the microphone"), page.get_by_role("status")
    await page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', name) }; }".replace(
            "name", "window.cause"
        )
    )
    for cause, said in (
        ("NotAllowedError", "Microphone access was denied. Allow it in the address bar, then press the button again."),
        ("NotFoundError", "No microphone was found. Connect one and press the button again."),
    ):
        await page.evaluate("(cause) => { window.cause = cause }", cause)
        await allow.click()
        await expect(note).to_have_text(said)
    await page.reload()
    await allow.click()
    await expect(note).to_have_text("The microphone is allowed. You can close this page.")


async def test_the_extensions_pages_are_for_everybody(context: BrowserContext) -> None:
    await context.add_init_script(path=AXE)
    worker = await worker_of(context)
    base = worker.url.rpartition("/")[0]
    found: dict[str, list[str]] = {}
    for name in ("options.html", "permission.html", "phone.html"):
        page = await context.new_page()
        await page.goto(f"{base}/{name}")
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        if problems := await findings(page):
            found[name] = problems
    assert found == {}
