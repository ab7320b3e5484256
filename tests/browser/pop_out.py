"""The phone's window, as tests open it and find it."""

from playwright.async_api import Page

from browser.phone import PATIENCE, Begun, Phone

WINDOW = "/widget/window"


async def window_of(phone: Phone) -> Phone:
    """The window that ``phone``'s page has opened, once it holds a phone that was given a token."""

    async def probe() -> Page | None:
        return next((page for page in phone.page.context.pages if WINDOW in page.url), None)

    window = Phone(await phone.until("a window of its own", probe), phone.product, phone.customer)
    await window.page.locator("epoch-phone .panel").wait_for()
    return window


async def call_in_window(phone: Phone, number: str) -> tuple[Begun, Phone]:
    """Call ``number`` from a page with ``data-pop-out="on"`` until the far end has answered; the window too."""
    # Answered at once, the page would place the call itself: the part that opens windows is on its way.
    await phone.until("the part for windows", lambda: _has_part(phone))
    begun = await phone.call(number)
    assert begun.begun
    window = await window_of(phone)
    await phone.until_event("callAnswered")
    return begun, window


async def _has_part(phone: Phone) -> bool:
    asked = any("/widget/pop-out-" in url for url in phone.requests)
    if asked:
        # Asked for is not evaluated: once around the page's own queue of tasks.
        await phone.page.evaluate("() => new Promise((resolve) => setTimeout(resolve, 50))")
    return asked


async def until_closed(window: Phone) -> None:
    """Until the window is gone."""
    if not window.page.is_closed():
        await window.page.wait_for_event("close", timeout=PATIENCE * 1000)
