"""Typing and calling with the phone beside modal dialogs of libraries that keep the focus inside the dialog."""

import pytest
from playwright.async_api import expect

from browser.conftest import OpenPhone
from support.browser.mouse import button, hang_up, press, until_dialer_loaded, until_panel_loaded
from support.browser.product import ECHO, Customer

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.reported_fault("focus traps", threads="bootstrap#19850, mui#17497, radix#2219, headlessui#834"),
]

ACTIVE_IN_PHONE = "() => document.activeElement?.localName === 'epoch-phone'"


@pytest.mark.parametrize("library", ["bootstrap", "mui", "focus-trap", "radix", "headless-ui"])
async def test_a_person_types_and_calls_beside_a_modal_dialog(
    customer: Customer, open_phone: OpenPhone, page_libraries: str, library: str
) -> None:
    phone = await open_phone(customer, body=page_libraries)
    page = phone.page
    await until_panel_loaded(phone)
    await page.evaluate("(library) => pageLibraries.open[library]()", library)
    name = page.get_by_label("Name")
    await expect(name).to_be_focused()
    await page.keyboard.type("Ada")

    await press(phone, "Open phone")
    field = phone.panel.get_by_role("textbox")
    await expect(field).to_be_focused()
    await until_dialer_loaded(phone)
    await page.keyboard.type("2125550101")
    await expect(field).to_have_value("(212) 555-0101")
    await expect(name).to_have_value("Ada")
    await page.keyboard.press("Enter")
    call_id = (await phone.until_event("callAnswered"))["callId"]

    await press(phone, "Keypad")
    await press(phone, "Mute")
    await page.keyboard.type("42")
    await phone.until_digits(call_id, "42")
    # The Tab key moves the focus from button to button inside the phone.
    await button(phone, "Unmute").focus()
    await page.keyboard.press("Tab")
    assert await page.evaluate(ACTIVE_IN_PHONE)
    await press(phone, "Unmute")
    await hang_up(phone, call_id, ECHO)

    # Escape closes the phone and not the dialog.
    await button(phone, "Close phone").focus()
    await page.keyboard.press("Escape")
    await expect(button(phone, "Open phone")).to_be_visible()
    await expect(name).to_be_visible()
    assert await page.evaluate("() => pageLibraries.closed") == 0
    await name.click()
    await page.keyboard.type(" Lovelace")
    await expect(name).to_have_value("Ada Lovelace")
    assert phone.console == []
