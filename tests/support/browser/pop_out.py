"""Opens the phone's pop-out window, finds it, and waits until it is loaded or closed."""

from typing import Any

from playwright.async_api import Page

from support.browser.phone import PATIENCE, CallAttempt, Phone

WINDOW = "/widget/window"


async def window_of(phone: Phone) -> Phone:
    """Wait for the pop-out that the page of ``phone`` opened, until its phone has the token; return that phone."""

    async def probe() -> Page | None:
        return next((page for page in phone.page.context.pages if WINDOW in page.url), None)

    window = Phone(await phone.until("the pop-out window", probe), phone.product, phone.customer)
    await window.page.locator("epoch-phone .panel").wait_for()
    return window


async def call_in_window(phone: Phone, number: str, options: dict[str, Any] | None = None) -> tuple[CallAttempt, Phone]:
    """Call ``number`` from a page with ``data-pop-out="on"``, wait for the answer; return the call and the window."""
    await until_pop_out_loaded(phone)
    begun = await phone.call(number, options)
    assert begun.is_started
    window = await window_of(phone)
    await phone.until_event("callAnswered")
    return begun, window


async def until_closed(window: Phone) -> None:
    """Wait until the window is closed."""
    if not window.page.is_closed():
        await window.page.wait_for_event("close", timeout=PATIENCE * 1000)


async def until_pop_out_loaded(phone: Phone) -> None:
    """Wait for the chunk that opens the pop-out; without it the page would place the call itself."""

    async def probe() -> str | None:
        return next((url for url in phone.requests if "/widget/pop-out-" in url), None)

    url = await phone.until("the chunk of the pop-out", probe)
    # The same URL is the same module, so this import ends when the phone's own import has ended.
    await phone.page.evaluate("(url) => import(url).then(() => new Promise((resolve) => setTimeout(resolve)))", url)
