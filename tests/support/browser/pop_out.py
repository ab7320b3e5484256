"""Opens and finds the phone's pop-out window."""

from typing import Any

from playwright.async_api import Page

from support.browser.phone import PATIENCE, Begun, Phone

WINDOW = "/widget/window"


async def window_of(phone: Phone) -> Phone:
    """Wait for the pop-out window that ``phone``'s page opened, with a phone that has its token; return it."""

    async def probe() -> Page | None:
        return next((page for page in phone.page.context.pages if WINDOW in page.url), None)

    window = Phone(await phone.until("a window of its own", probe), phone.product, phone.customer)
    await window.page.locator("epoch-phone .panel").wait_for()
    return window


async def call_in_window(phone: Phone, number: str, options: dict[str, Any] | None = None) -> tuple[Begun, Phone]:
    """Call ``number`` from a page with ``data-pop-out="on"``, wait for the answer; return the call and the window."""
    await until_windows(phone)
    begun = await phone.call(number, options)
    assert begun.begun
    window = await window_of(phone)
    await phone.until_event("callAnswered")
    return begun, window


async def until_closed(window: Phone) -> None:
    """Wait until the window is closed."""
    if not window.page.is_closed():
        await window.page.wait_for_event("close", timeout=PATIENCE * 1000)


async def until_windows(phone: Phone) -> None:
    """Wait until the page can open the pop-out window; before, it would make the call itself."""

    async def probe() -> str | None:
        return next((url for url in phone.requests if "/widget/pop-out-" in url), None)

    url = await phone.until("the part for windows", probe)
    # The same URL is the same module, so this import ends when the phone's own import has ended.
    await phone.page.evaluate("(url) => import(url).then(() => new Promise((resolve) => setTimeout(resolve)))", url)
