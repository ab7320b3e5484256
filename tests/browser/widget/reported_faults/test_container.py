"""The phone in a container element of the page: its size and appearance, and a call while the element is removed."""

import pytest
from playwright.async_api import expect

from browser.conftest import OpenPhone
from support.browser.phone import Phone
from support.browser.product import ECHO, Customer

pytestmark = pytest.mark.anyio

ATTRIBUTES = 'data-container="#place"'
HOSTILE = """<style>
    * { box-sizing: content-box !important; font-size: 40px !important; color: red !important; }
    div, button, input { margin: 30px !important; display: block !important; width: 900px !important; }
</style>"""
BOX_IN_PLACE = """(panel) => {
    const place = document.getElementById("place").getBoundingClientRect();
    const box = panel.getBoundingClientRect();
    return [box.left - place.left, box.top - place.top, box.width, box.height].map(Math.round);
}"""
INSIDE = """(call) => {
    const place = document.getElementById("place").getBoundingClientRect();
    const box = call.getBoundingClientRect();
    return box.left >= place.left && box.right <= place.right && box.bottom <= place.bottom;
}"""
LIGHTNESS = "(panel) => Math.max(...getComputedStyle(panel).backgroundColor.match(/\\d+/g).slice(0, 3))"


def place(width: int, height: int | None = None) -> str:
    style = f"width: {width}px" + (f"; height: {height}px" if height else "")
    return f'<button id="before">Before</button><aside id="place" style="{style}"></aside>'


async def until_inside_container(phone: Phone) -> None:
    """Wait until the panel is in the container, without a floating button."""
    await expect(phone.page.locator("#place > epoch-phone .panel")).to_be_visible()
    await expect(phone.panel.locator(".fab")).to_be_hidden()


@pytest.mark.parametrize(("width", "height"), [(320, None), (320, 900), (700, 300)])
async def test_the_panel_fits_its_container_in_any_page_and_theme(
    customer: Customer, open_phone: OpenPhone, width: int, height: int | None
) -> None:
    phone = await open_phone(customer, attributes=ATTRIBUTES, body=place(width, height), head=HOSTILE)
    await phone.until_event("ready")
    await until_inside_container(phone)
    panel = phone.panel.locator(".panel")
    left, top, panel_width, panel_height = await panel.evaluate(BOX_IN_PLACE)
    assert panel_width == min(width, 480)
    assert (left, top) == ((width - panel_width) // 2, 0)
    assert panel_height == height if height else panel_height > 300
    call = phone.panel.get_by_role("button", name="Call", exact=True)
    assert await call.evaluate(INSIDE)
    assert await call.evaluate("(call) => getComputedStyle(call).fontSize") == "16px"
    assert await panel.evaluate(LIGHTNESS) > 200
    await phone.page.evaluate("() => EpochPhone.update({ theme: 'dark' })")
    assert await panel.evaluate(LIGHTNESS) < 80
    assert await panel.evaluate("(panel) => panel.scrollWidth <= panel.clientWidth")
    assert phone.console == []


async def test_a_call_continues_without_its_container_and_returns_to_it(
    customer: Customer, open_phone: OpenPhone
) -> None:
    phone = await open_phone(customer, attributes=ATTRIBUTES, body='<button id="before">Before</button>')
    await phone.until_event("ready")
    await phone.panel.get_by_role("button", name="Open phone").wait_for()
    add = "(markup) => document.body.insertAdjacentHTML('beforeend', markup)"
    await phone.page.evaluate(add, '<aside id="place" style="width: 320px"></aside>')
    await until_inside_container(phone)
    await phone.page.focus("#before")
    await phone.page.keyboard.press("Tab")
    await expect(phone.panel.get_by_role("button", name="More")).to_be_focused()
    await phone.page.keyboard.press("Tab")
    await phone.page.keyboard.type("(212) 555-0101")
    await phone.page.keyboard.press("Enter")
    started = await phone.until_event("callStarted")
    assert started["number"] == ECHO
    await phone.until_event("callAnswered")
    await phone.page.evaluate("() => document.getElementById('place').remove()")
    await expect(phone.page.locator("html > epoch-phone .panel")).to_be_visible()
    await phone.panel.get_by_role("button", name="Mute", exact=True).click()
    await phone.page.evaluate(add, '<aside id="place" style="width: 320px"></aside>')
    await until_inside_container(phone)
    await phone.panel.get_by_role("button", name="Unmute", exact=True).click()
    before, after = await phone.hear(started["callId"])
    assert after.browser["heard"] > before.browser["heard"]
    await phone.panel.get_by_role("button", name="Hang up").click()
    await phone.assert_agrees(started["callId"], ECHO, "completed")
    assert phone.console == []
