"""The page gets no events of what a person does in the phone: no shortcuts, and no clicks outside its own elements."""

import pytest
from playwright.async_api import expect

from browser.conftest import OpenPhone
from support.browser.mouse import button, hang_up, press, until_dialer_loaded, until_panel_loaded
from support.browser.phone import Phone
from support.browser.product import ECHO, Customer

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.reported_fault("event isolation", threads="github/hotkey#123, PostHog PR#45615"),
]

KEYS = [*"0123456789", "Escape", "Enter", "Backspace", "m"]
LISTEN = """() => {
    window.heard = [];
    const types = ["keydown", "keypress", "keyup", "beforeinput", "input", "paste", "focus", "focusin", "focusout",
        "blur", "pointerdown", "pointerup", "mousedown", "mouseup", "click", "dblclick", "contextmenu", "wheel"];
    for (const type of types) {
        for (const isCapture of [true, false]) {
            document.addEventListener(type, (event) => {
                if (!event.composedPath().includes(document.querySelector("epoch-phone"))) return;
                heard.push(`${type}${isCapture ? " in the capture phase" : ""}`);
            }, isCapture);
        }
    }
}"""


@pytest.mark.parametrize("library", ["hotkey", "tinykeys"])
async def test_digits_typed_in_the_phone_trigger_no_shortcuts_of_the_page(
    customer: Customer, open_phone: OpenPhone, page_libraries: str, library: str
) -> None:
    phone = await open_phone(customer, body=page_libraries)
    page = phone.page
    await until_panel_loaded(phone)
    await page.evaluate(
        """([library, keys]) => {
            window.actions = [];
            pageLibraries.bind[library](keys, (key) => actions.push(key));
        }""",
        [library, KEYS],
    )
    await page.keyboard.type("12")
    assert await page.evaluate("() => actions.splice(0)") == ["1", "2"]

    await press(phone, "Open phone")
    field = phone.panel.get_by_role("textbox")
    await until_dialer_loaded(phone)
    await page.keyboard.type("21255501019")
    await page.keyboard.press("Backspace")
    await expect(field).to_have_value("(212) 555-0101")
    await page.keyboard.press("Enter")
    call_id = (await phone.until_event("callAnswered"))["callId"]
    await press(phone, "Keypad")
    await page.keyboard.type("271")
    await phone.until_digits(call_id, "271")
    await hang_up(phone, call_id, ECHO)
    await button(phone, "Minimise").focus()
    await page.keyboard.press("Escape")
    await expect(button(phone, "Open phone")).to_be_visible()
    assert await page.evaluate("() => actions") == []
    assert phone.console == []


async def test_no_event_of_the_phone_reaches_the_document(customer: Customer, open_phone: OpenPhone) -> None:
    phone = await open_phone(customer, body="<label>Name <input></label>")
    page = phone.page
    await until_panel_loaded(phone)
    await page.evaluate(LISTEN)
    await press(phone, "Open phone")
    field = phone.panel.get_by_role("textbox")
    await page.keyboard.type("212555")
    await field.dblclick()
    await field.click(button="right")
    await page.mouse.wheel(0, 10)
    await press(phone, "More")
    # Checkboxes and lists change once.
    sounds = phone.panel.get_by_role("checkbox")
    is_checked = await sounds.is_checked()
    await sounds.click()
    assert await sounds.is_checked() is not is_checked
    await sounds.press("Space")
    assert await sounds.is_checked() is is_checked
    await phone.panel.get_by_role("combobox").first.select_option(index=0)
    await page.keyboard.press("Escape")
    # A press that begins in the phone and ends on the page.
    await drag(phone, field_to_page=True)
    assert await page.evaluate("() => heard") == []


async def test_the_page_keeps_its_own_drags_and_blurs(customer: Customer, open_phone: OpenPhone) -> None:
    phone = await open_phone(customer, body="<label>Name <input></label>")
    page = phone.page
    await until_panel_loaded(phone)
    await press(phone, "Open phone")
    await page.evaluate(
        """() => {
            window.heard = [];
            addEventListener("mouseup", () => heard.push("mouseup"));
            const input = document.querySelector("input");
            for (const type of ["blur", "focusout"]) {
                input.addEventListener(type, ({ relatedTarget }) => heard.push(`${type} ${relatedTarget}`));
            }
        }"""
    )
    await drag(phone, field_to_page=False)
    await page.get_by_label("Name").focus()
    await phone.panel.get_by_role("textbox").click()
    assert await page.evaluate("() => heard") == ["mouseup", "blur null", "focusout null"]


async def drag(phone: Phone, *, field_to_page: bool) -> None:
    """Press the mouse in the phone's field and release it over the page's heading, or the other way round."""
    boxes = [
        await locator.bounding_box()
        for locator in (phone.panel.get_by_role("textbox"), phone.page.get_by_role("heading"))
    ]
    points = [(box["x"] + 20, box["y"] + 10) for box in boxes if box is not None]
    (x, y), (to_x, to_y) = points if field_to_page else reversed(points)
    await phone.page.mouse.move(x, y)
    await phone.page.mouse.down()
    await phone.page.mouse.move(to_x, to_y, steps=3)
    await phone.page.mouse.up()
