"""Moving the open panel by dragging, by keyboard and by taps; it stays in the window and its position is stored."""

from typing import NamedTuple

import pytest

from browser.conftest import OpenPhone
from support.browser.phone import Phone
from support.browser.product import Customer

pytestmark = pytest.mark.anyio

BOX = """() => {
    const { left, top, right, bottom } =
        document.querySelector("epoch-phone").shadowRoot.querySelector(".panel").getBoundingClientRect();
    return [left, top, right, bottom];
}"""
TEXT = "<h1>Contacts of Acme Realty, who are called from this page</h1>"
STEP = 32


class Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float


async def box(phone: Phone) -> Box:
    return Box(*await phone.page.evaluate(BOX))


async def drag(phone: Phone, x: float, y: float) -> None:
    """Drag the panel by the name in its header, in several steps."""
    name = await phone.panel.locator(".name").bounding_box()
    assert name is not None
    at_x, at_y = name["x"] + 4, name["y"] + 4
    mouse = phone.page.mouse
    await mouse.move(at_x, at_y)
    await mouse.down()
    await mouse.move(at_x + x, at_y + y, steps=8)
    await mouse.up()


async def opened(phone: Phone) -> Phone:
    await phone.until_event("ready")
    await phone.page.evaluate("() => EpochPhone.open()")
    await phone.panel.locator(".panel[data-movable]").wait_for()
    return phone


async def test_dragging_by_the_header_under_a_strict_policy(customer: Customer, open_phone: OpenPhone) -> None:
    product, carrier = customer.product.url, customer.product.carrier.replace("http:", "ws:")
    policy = f"default-src 'none'; script-src {product}; connect-src {product} {carrier}"
    phone = await open_phone(customer, body=TEXT, headers={"Content-Security-Policy": policy}, reduced_motion="reduce")
    own = await box(await opened(phone))
    await drag(phone, -300, -120)
    moved = await box(phone)
    assert (moved.left, moved.top) == (own.left - 300, own.top - 120)
    assert await phone.page.evaluate("() => String(getSelection())") == ""
    await drag(phone, -5000, -5000)
    corner = await box(phone)
    assert (corner.left, corner.top) == (8, 8)
    await phone.page.reload()
    await opened(phone)
    assert await box(phone) == corner
    await phone.panel.locator(".name").dblclick()
    assert await box(phone) == own
    await phone.page.reload()
    assert await box(await opened(phone)) == own
    assert phone.console == []


async def test_moving_by_keyboard_and_taps(customer: Customer, open_phone: OpenPhone) -> None:
    phone = await open_phone(customer, reduced_motion="reduce", viewport={"width": 1280, "height": 900})
    own = await box(await opened(phone))
    await phone.panel.get_by_role("button", name="More", exact=True).press("Enter")
    group = phone.panel.get_by_role("group", name="Move panel")
    await group.get_by_role("button", name="Left").press("Enter")
    await phone.page.keyboard.press("ArrowUp")
    await group.get_by_role("button", name="Left").click()
    # The sheet changes the panel's height, so the sides are compared.
    assert (await box(phone)).right == own.right - 2 * STEP
    assert (await box(phone)).bottom == own.bottom - STEP
    await phone.page.set_viewport_size({"width": 700, "height": 900})
    await group.get_by_role("button", name="Left").click(click_count=1)
    for _ in range(12):
        await phone.page.keyboard.press("ArrowLeft")
    assert (await box(phone)).left == 8
    await phone.page.set_viewport_size({"width": 500, "height": 420})

    # The browser reports its new size to the page a moment later.
    async def is_inside() -> bool:
        small = await box(phone)
        return min(small.left, small.top, 500 - small.right, 420 - small.bottom) >= 0

    await phone.until("a panel inside the window", is_inside)
    await phone.page.set_viewport_size({"width": 1280, "height": 900})
    await group.get_by_role("button", name="Reset position").click()
    assert (await box(phone)).right == own.right
    assert await phone.page.evaluate("() => localStorage.epochphone") == "{}"


async def test_a_panel_as_wide_as_the_window_cannot_be_moved(customer: Customer, open_phone: OpenPhone) -> None:
    phone = await open_phone(customer, reduced_motion="reduce", viewport={"width": 390, "height": 780})
    await phone.until_event("ready")
    await phone.page.evaluate("() => EpochPhone.open()")
    await phone.panel.locator("#country .sr").wait_for(state="attached")
    own = await box(phone)
    await phone.panel.get_by_role("button", name="More", exact=True).click()
    await phone.panel.get_by_role("button", name="Check my phone").wait_for()
    assert await phone.panel.get_by_role("group", name="Move panel").count() == 0
    await phone.panel.get_by_role("button", name="Back").click()
    await drag(phone, -60, -200)
    assert await box(phone) == own
