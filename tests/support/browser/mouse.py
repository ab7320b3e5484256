"""Presses the phone's buttons with the mouse, at the place where they are shown and if nothing covers them."""

from playwright.async_api import Locator, expect

from support.browser.phone import Phone

# The middle of the button if the button is the topmost element there, through all shadow roots; else null.
MIDDLE = """(button) => {
    const { left, top, width, height } = button.getBoundingClientRect();
    const [x, y] = [left + width / 2, top + height / 2];
    let hit = document.elementFromPoint(x, y);
    for (let outer = null; hit && hit !== outer; ) {
        outer = hit;
        hit = hit.shadowRoot?.elementFromPoint(x, y) ?? hit;
    }
    return width > 0 && hit && button.contains(hit) ? [x, y] : null;
}"""


def button(phone: Phone, name: str) -> Locator:
    """The visible button with this name."""
    return phone.panel.get_by_role("button", name=name, exact=True)


async def press(phone: Phone, name: str) -> None:
    """Click the button with the mouse; fails if another element stays above it."""

    async def probe() -> list[float] | None:
        shown = await button(phone, name).all()
        if len(shown) != 1:
            return None
        middle: list[float] | None = await shown[0].evaluate(MIDDLE)
        return middle

    x, y = await phone.until(f"a button {name} that can be clicked", probe)
    await phone.page.mouse.click(x, y)


async def until_panel_loaded(phone: Phone) -> None:
    """Wait for the panel's chunk, which also keeps the phone's events from the page."""
    await phone.until_event("ready")
    await phone.panel.locator(".panel").wait_for(state="attached")


async def until_dialer_loaded(phone: Phone) -> None:
    """Wait for the dialer's chunk, which formats typed numbers."""
    await phone.panel.locator("#country .sr").wait_for(state="attached")


async def assert_can_mute(phone: Phone) -> None:
    """Mute and unmute the call with the mouse; assert that the page has exactly one phone."""
    for name, muted in (("Mute", True), ("Unmute", False)):
        await press(phone, name)
        assert await phone.page.evaluate("() => EpochPhone.isMuted()") is muted
    await expect(phone.panel).to_have_count(1)


async def hang_up(phone: Phone, call_id: str, number: str) -> None:
    """After audio in both directions, hang up with the mouse; assert that the record agrees."""
    before, after = await phone.hear(call_id)
    assert after.browser["heard"] > before.browser["heard"]
    await press(phone, "Hang up")
    await phone.assert_agrees(call_id, number, "completed")


async def is_beside_body(phone: Phone) -> bool:
    """True if the phone is beside the page's body and not a popover."""
    found: bool = await phone.page.evaluate(
        """() => {
            const host = document.querySelector("html > epoch-phone");
            return host !== null && host.shadowRoot.querySelector(":popover-open") === null;
        }"""
    )
    return found
