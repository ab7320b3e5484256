"""A call by keyboard, from a number on the page to hanging up; the keys that the phone leaves to the page."""

import pytest
from playwright.async_api import Page, expect

from browser.conftest import OpenPhone
from support.browser.phone import Phone
from support.browser.product import ECHO, Customer

pytestmark = pytest.mark.anyio

NUMBERS = f"""<p><a id="ada" href="tel:{ECHO}">Ada</a> <span id="bob" data-phone="{ECHO}">Bob</span></p>
    <p><input id="note" aria-label="Note"></p>"""
# The element with the focus, also inside the phone.
FOCUSED = """() => {
    let element = document.activeElement;
    while (element.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
    return element.id || element.getAttribute("aria-label") || element.innerText.trim() || element.localName;
}"""
# Records each key event at the window in the capture phase; whether it was prevented is read later.
RECORD_KEYS = """() => {
    window.keys = [];
    addEventListener("keydown", (event) => keys.push(event), true);
}"""
PREVENTED = "() => keys.splice(0).filter((event) => event.defaultPrevented).map((event) => event.key)"
LEFT_ALONE = [
    *(f"F{number}" for number in range(1, 13)),
    *("PageUp", "PageDown", "Home", "End", "Insert"),
    *("Control+1", "Control+k", "Control+Shift+5", "Alt+5", "Alt+ArrowLeft", "Meta+k", "Meta+0", "Control+Enter"),
]


async def focused(page: Page) -> str:
    name: str = await page.evaluate(FOCUSED)
    return name


async def until_focused(phone: Phone, name: str) -> None:
    async def probe() -> bool | None:
        return await focused(phone.page) == name or None

    await phone.until(f"focus on {name}", probe)


@pytest.fixture
async def phone(customer: Customer, open_phone: OpenPhone) -> Phone:
    opened = await open_phone(customer, attributes='data-click-to-call="on"', body=NUMBERS)
    await opened.until_event("ready")
    await opened.page.locator("#bob[role=button]").wait_for()
    return opened


@pytest.mark.parametrize(("number", "tabs", "key"), [("ada", 1, "Enter"), ("bob", 2, "Enter"), ("bob", 2, "Space")])
async def test_a_number_is_called_muted_and_hung_up_by_keys_alone(
    phone: Phone, number: str, tabs: int, key: str
) -> None:
    keyboard = phone.page.keyboard
    for _ in range(tabs):
        await keyboard.press("Tab")
    assert await focused(phone.page) == number
    await keyboard.press(key)
    assert (await phone.until_event("callStarted"))["number"] == ECHO
    await until_focused(phone, "Hang up")
    await phone.until_event("callAnswered")
    await expect(phone.panel.get_by_role("button", name="Mute")).to_be_visible()

    for expected in ("Devices", "Keypad", "Mute"):
        await keyboard.press("Shift+Tab")
        assert await focused(phone.page) == expected
    await keyboard.press("Enter")
    assert await phone.until_event("muted") == {"muted": True}
    for expected in ("Keypad", "Devices", "Hang up"):
        await keyboard.press("Tab")
        assert await focused(phone.page) == expected
    await keyboard.press("Enter")
    assert (await phone.until_event("callEnded"))["status"] == "completed"

    # Escape returns the focus to the number.
    await keyboard.press("Escape")
    await until_focused(phone, number)
    assert len(await phone.details("callStarted")) == 1


async def test_escape_in_a_call_shows_the_bar_whose_buttons_work_by_keyboard(phone: Phone) -> None:
    keyboard = phone.page.keyboard
    await keyboard.press("Tab")
    await keyboard.press("Enter")
    await phone.until_event("callAnswered")
    await until_focused(phone, "Hang up")
    await keyboard.press("Escape")
    await until_focused(phone, "Open phone")
    await keyboard.press("Tab")
    assert await focused(phone.page) == "Mute"
    await keyboard.press("Tab")
    assert await focused(phone.page) == "Hang up"
    await keyboard.press("Enter")
    await phone.until_event("callEnded")


async def test_a_press_on_a_number_during_a_call_says_that_a_call_is_in_progress(phone: Phone) -> None:
    await phone.page.locator("#ada").click()
    await phone.until_event("callAnswered")
    await phone.page.evaluate("() => EpochPhone.close()")
    await phone.page.locator("#bob").click()
    alert = phone.panel.get_by_role("alert").filter(visible=True)
    await expect(alert).to_contain_text("A call is in progress")
    await expect(alert).to_contain_text("Hang up, then call this number.")
    assert (len(await phone.details("callStarted")), await phone.details("error")) == (1, [])


async def test_keys_of_the_browser_and_of_the_page_are_left_alone(phone: Phone) -> None:
    page = phone.page
    await page.evaluate(RECORD_KEYS)
    # Chromium's actions of these keys would leave the page; only whether the phone prevented them matters.
    await page.evaluate('() => addEventListener("beforeunload", (event) => event.preventDefault())')

    async def press_all() -> None:
        for key in LEFT_ALONE:
            await page.keyboard.press(key)
        assert await page.evaluate(PREVENTED) == []

    await phone.panel.get_by_role("button", name="Open phone").press("Enter")
    await until_focused(phone, "number")
    await page.keyboard.type("415")
    await press_all()
    await expect(phone.panel.get_by_role("textbox")).to_have_value("415")
    await phone.call(ECHO)
    call_id = (await phone.until_event("callAnswered"))["callId"]
    await phone.panel.get_by_role("button", name="Keypad").press("Enter")
    await press_all()
    await phone.page.evaluate("() => EpochPhone.close()")
    await press_all()
    await page.evaluate('() => EpochPhone.sendDtmf("7")')
    await phone.until_digits(call_id, "7")
    assert await phone.state() == "in-progress"


async def test_escape_closes_the_phone_only_if_it_has_the_focus(phone: Phone) -> None:
    await phone.panel.get_by_role("button", name="Open phone").press("Enter")
    await until_focused(phone, "number")
    await phone.page.locator("#note").focus()
    await phone.page.evaluate(RECORD_KEYS)
    await phone.page.keyboard.press("Escape")
    await expect(phone.panel.locator(".panel")).to_be_visible()
    assert await phone.page.evaluate(PREVENTED) == []
