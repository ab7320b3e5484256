"""The phone on a small touch screen: sizes of its targets, the on-screen keyboard, the safe area around a notch."""

from typing import Any

import pytest
from playwright.async_api import Locator, expect

from browser.conftest import OpenPhone
from support.browser.phone import Phone
from support.browser.product import ECHO, Customer

pytestmark = pytest.mark.anyio

WIDTH, HEIGHT = 360, 640
SMALLEST_TARGET = 44
SCREEN: dict[str, Any] = {
    "viewport": {"width": WIDTH, "height": HEIGHT},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}
VIEWPORT = '<meta name=viewport content="width=device-width, viewport-fit=cover">'
RISEN = "(panel) => Promise.all(panel.getAnimations().map((animation) => animation.finished))"
# As the keyboards of Android and iPhones do: they cover the bottom of the window, whose size stays.
SHOW_KEYBOARD = """(height) => {
    const seen = innerHeight - height;
    Object.defineProperty(visualViewport, "height", { configurable: true, get: () => seen });
    visualViewport.dispatchEvent(new Event("resize"));
}"""
# A pressed button is drawn smaller for a moment; its layout box, which offsetWidth gives, does not change.
SMALL_TARGETS = """(smallest) => {
    const root = document.querySelector("epoch-phone").shadowRoot;
    return [...root.querySelectorAll("button, select, .field")]
        .filter((element) => element.checkVisibility())
        .filter(({ offsetWidth, offsetHeight }) => Math.min(offsetWidth, offsetHeight) < smallest)
        .map(({ ariaLabel, textContent, offsetWidth, offsetHeight }) =>
            `${ariaLabel ?? textContent}: ${offsetWidth} x ${offsetHeight}`);
}"""
ZOOMABLE = """() => {
    const root = document.querySelector("epoch-phone").shadowRoot;
    const tapped = [root.querySelector(".fab"), root.querySelector("#panel")];
    return tapped.map((element) => getComputedStyle(element).touchAction).filter((action) => action !== "manipulation");
}"""


@pytest.fixture
async def phone(customer: Customer, open_phone: OpenPhone) -> Phone:
    opened = await open_phone(customer, head=VIEWPORT, **SCREEN)
    await opened.until_event("ready")
    return opened


async def box_of(locator: Locator) -> dict[str, float]:
    box = await locator.bounding_box()
    assert box is not None
    x, y, width, height = box["x"], box["y"], box["width"], box["height"]
    return {"x": x, "y": y, "right": x + width, "bottom": y + height}


async def assert_targets_are_large(phone: Phone) -> None:
    assert await phone.page.evaluate(SMALL_TARGETS, SMALLEST_TARGET) == []


async def test_a_call_by_touch_has_large_targets_throughout(phone: Phone) -> None:
    panel = phone.panel
    await panel.get_by_role("button", name="Open phone").tap()
    await expect(panel.locator("#country .sr")).to_have_count(1)
    await panel.locator(".panel").evaluate(RISEN)
    dialog = await box_of(panel.get_by_role("dialog"))
    assert (dialog["x"], dialog["right"], dialog["bottom"]) == (0, WIDTH, HEIGHT)
    await assert_targets_are_large(phone)
    for digit in "2125550101":
        await panel.get_by_role("group", name="Keypad").get_by_text(digit, exact=True).tap()
    await panel.get_by_role("button", name="Call", exact=True).tap()
    call_id = (await phone.until_event("callAnswered"))["callId"]
    await phone.hear(call_id)
    await assert_targets_are_large(phone)
    await panel.get_by_role("button", name="Keypad").tap()
    await panel.get_by_role("group", name="Keypad").get_by_text("5", exact=True).tap()
    await phone.until_digits(call_id, "5")
    await assert_targets_are_large(phone)
    await panel.get_by_role("button", name="Devices").tap()
    await expect(panel.get_by_role("combobox", name="Microphone")).to_be_visible()
    await assert_targets_are_large(phone)
    await panel.get_by_role("button", name="Back").tap()
    await panel.get_by_role("button", name="Minimise").tap()
    bar = await box_of(panel.get_by_role("group", name="In call"))
    assert 0 <= bar["x"] < bar["right"] <= WIDTH
    await assert_targets_are_large(phone)
    await panel.get_by_role("group", name="In call").get_by_role("button", name="Hang up").tap()
    await phone.assert_agrees(call_id, ECHO, "completed")
    assert await phone.page.evaluate(ZOOMABLE) == []


@pytest.mark.parametrize(
    ("screen", "keyboard"),
    [((WIDTH, HEIGHT), 300), ((412, 732), 300), ((HEIGHT, WIDTH), 170)],
    ids=["small", "larger", "lying"],
)
async def test_the_keyboard_covers_neither_the_field_nor_the_call_button(
    customer: Customer, open_phone: OpenPhone, screen: tuple[int, int], keyboard: int
) -> None:
    width, height = screen
    options = {**SCREEN, "viewport": {"width": width, "height": height}}
    phone = await open_phone(customer, head=VIEWPORT, **options)
    await phone.until_event("ready")
    await phone.panel.get_by_role("button", name="Open phone").tap()
    field = phone.panel.get_by_role("textbox", name="Phone number")
    await expect(field).to_be_focused()
    assert await field.get_attribute("inputmode") == "tel"
    call = phone.panel.get_by_role("button", name="Call", exact=True)
    await phone.panel.locator(".panel").evaluate(RISEN)
    before = await box_of(call)
    await phone.page.evaluate(SHOW_KEYBOARD, keyboard)

    async def are_seen() -> bool:
        boxes = [await box_of(field), await box_of(call)]
        return all(0 <= box["y"] < box["bottom"] <= height - keyboard for box in boxes)

    await phone.until("field and button above the keyboard", are_seen)
    await field.fill("2125550101")
    await phone.page.evaluate(SHOW_KEYBOARD, 0)

    async def is_back() -> bool:
        return await box_of(call) == before

    await phone.until("the panel back at its place", is_back)
    await call.tap()
    assert (await phone.until_event("callStarted"))["number"] == ECHO


async def test_the_button_and_the_panel_stay_inside_the_safe_area(phone: Phone) -> None:
    session = await phone.page.context.new_cdp_session(phone.page)
    insets = {"top": 0, "left": 0, "right": 30, "bottom": 40}
    await session.send("Emulation.setSafeAreaInsetsOverride", {"insets": insets})
    button = phone.panel.get_by_role("button", name="Open phone")
    box = await box_of(button)
    assert (WIDTH - box["right"], HEIGHT - box["bottom"]) == (20 + 30, 20 + 40)
    await button.tap()
    call = await box_of(phone.panel.get_by_role("button", name="Call", exact=True))
    assert HEIGHT - call["bottom"] >= 40
