"""Key 0 of the phone's keypad types + when it is held, and sends a tone in a call."""

import pytest
from playwright.async_api import expect

from browser.conftest import OpenPhone
from support.browser.product import ECHO, Customer

pytestmark = [pytest.mark.anyio, pytest.mark.reported_fault("keypad", threads="communication-ui#2260")]


async def test_holding_0_types_a_plus_and_sends_a_0_in_a_call(customer: Customer, open_phone: OpenPhone) -> None:
    phone = await open_phone(customer)
    await phone.until_event("ready")
    await phone.panel.get_by_role("button", name="Open phone").click()
    field, mouse = phone.panel.get_by_label("Phone number"), phone.page.mouse
    zero = phone.panel.get_by_role("button", name="0", exact=True)
    await expect(zero).to_have_attribute("title", "Hold for +")
    await zero.hover()
    await mouse.down()
    await expect(field).to_have_value("+")
    await mouse.up()
    await zero.click()
    await expect(field).to_have_value("+0")
    await field.fill("")
    await zero.focus()
    await phone.page.keyboard.type("+12125550101")
    await expect(field).to_have_value("+1 212-555-0101")
    await phone.panel.get_by_role("button", name="Call", exact=True).click()
    call = await phone.until_event("callAnswered")
    assert call["number"] == ECHO
    await phone.panel.get_by_role("button", name="Keypad").click()
    await zero.click(delay=1_000)
    await phone.until_digits(call["callId"], "0")
