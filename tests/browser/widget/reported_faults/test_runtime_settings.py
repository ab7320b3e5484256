"""Settings of the phone that the page changes while it runs and during a call, and the settings of click-to-call."""

import asyncio
import re
from typing import Any

import pytest
from playwright.async_api import expect

from browser.conftest import OpenPhone
from support.browser.click_to_call import until_click_to_call_loaded
from support.browser.held_keys import PRESS_INTERVAL_SECONDS
from support.browser.phone import Phone
from support.browser.product import ECHO, Customer

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.reported_fault("run-time settings", threads="chatwoot#870, nocodb PR#14345, sentry PR#19430"),
]

CONFIRM = 'data-click-to-call="on" data-confirm="on"'
NUMBER = f'<p><a href="tel:{ECHO}" data-phone-name="Ada">Ada</a></p>'
WRITTEN = re.compile(r"\(?212\)?[ -]555-0101")


async def update(phone: Phone, settings: str) -> None:
    await phone.page.evaluate(f"() => EpochPhone.update({settings})")


async def test_appearance_and_language_change_during_a_call_that_continues(
    customer: Customer, open_phone: OpenPhone
) -> None:
    phone = await open_phone(customer)
    await phone.until_event("ready")
    begun = await phone.call(ECHO)
    await phone.until_event("callAnswered")
    root = phone.panel.locator(".root")
    await update(phone, '{ position: "bottom-left", theme: "dark", color: "#0b5fff", offsetX: 60 }')
    await expect(root).to_have_attribute("data-side", "left")
    await expect(root).to_have_attribute("data-theme", "dark")
    assert await root.evaluate("(root) => root.getBoundingClientRect().left") == 60
    await phone.page.evaluate("() => { document.documentElement.lang = 'es'; }")
    await phone.panel.get_by_role("button", name="Colgar").wait_for()
    await update(phone, '{ locale: "ar" }')
    await expect(root).to_have_attribute("dir", "rtl")
    await update(phone, '{ locale: "en", theme: "sideways", colour: "red" }')
    await phone.panel.get_by_role("button", name="Hang up").wait_for()
    assert phone.console == [
        "warning: [EpochPhone] ignored settings: theme must be one of auto, light, dark; colour is not a setting"
    ]
    phone.console.clear()
    token = customer.token.raw
    await phone.page.evaluate("(token) => EpochPhone.init({ token, position: 'bottom-right' })", token)
    refused = "() => { try { EpochPhone.init({ token: 'ept_other' }); } catch ({ message }) { return message; } }"
    assert "force: true" in await phone.page.evaluate(refused)
    before, after = await phone.hear(begun.call_id)
    assert after.browser["heard"] > before.browser["heard"]
    await phone.page.evaluate("() => EpochPhone.hide()")
    await phone.panel.get_by_role("button", name="Hang up").click()
    await phone.assert_agrees(begun.call_id, ECHO, "completed")
    await expect(phone.panel.get_by_role("button")).to_have_count(0)
    await phone.page.evaluate("() => EpochPhone.show()")
    await phone.panel.get_by_role("button", name="Open phone").wait_for()
    assert phone.console == []


async def test_a_click_fills_the_field_then_enter_calls_and_escape_closes(
    customer: Customer, open_phone: OpenPhone
) -> None:
    phone = await open_phone(customer, attributes=CONFIRM, body=NUMBER)
    await until_click_to_call_loaded(phone)
    link = phone.page.get_by_role("link", name="Ada")
    await link.click()
    field = phone.panel.get_by_label("Phone number")
    await expect(field).to_have_value(WRITTEN)
    await expect(field).to_be_focused()
    await phone.page.keyboard.press("Escape")
    await expect(field).to_be_hidden()
    assert await phone.events("callStarted") == []

    # The phone ignores a press right after another one.
    await asyncio.sleep(PRESS_INTERVAL_SECONDS)
    await link.press("Enter")
    await expect(field).to_have_value(WRITTEN)
    await asyncio.sleep(PRESS_INTERVAL_SECONDS)
    await phone.page.keyboard.press("Enter")
    started = await phone.until_event("callStarted")
    assert (started["number"], started["name"]) == (ECHO, "Ada")
    await phone.hangup()


async def test_without_the_dialpad_only_numbers_of_the_page_are_called(
    customer: Customer, open_phone: OpenPhone
) -> None:
    phone = await open_phone(customer, attributes=f'{CONFIRM} data-dialpad="off"', body=NUMBER)
    await until_click_to_call_loaded(phone)
    await phone.panel.get_by_role("button", name="Open phone").click()
    await phone.panel.get_by_text("Click a number on the page to call it.").wait_for()
    await expect(phone.panel.get_by_label("Phone number")).to_be_hidden()
    await expect(phone.panel.get_by_role("group", name="Keypad")).to_be_hidden()
    await phone.page.keyboard.type("2125550199")
    await phone.page.keyboard.insert_text("2125550199")
    await expect(phone.panel.get_by_role("button", name="Call", exact=True)).to_be_disabled()
    await phone.page.get_by_role("link", name="Ada").click()
    await expect(phone.panel.locator(".number")).to_have_text(WRITTEN)
    await phone.panel.get_by_role("button", name="Call", exact=True).click()
    started = await phone.until_event("callStarted")
    assert (started["number"], started["name"]) == (ECHO, "Ada")
    await phone.until_event("callAnswered")
    await phone.panel.get_by_role("button", name="Keypad").click()
    await phone.panel.get_by_role("group", name="Keypad").get_by_role("button", name="5 JKL").click()
    await phone.until_digits(started["callId"], "5")
    await phone.panel.get_by_role("button", name="Hang up").click()


async def test_links_can_be_left_to_the_dialler_of_a_mobile_phone(customer: Customer, open_phone: OpenPhone) -> None:
    attributes = 'data-click-to-call="on" data-tel-on-phones="native"'
    body = f'{NUMBER}<p><a href="tel:{ECHO}" data-phone="{ECHO}">Grace</a></p>'
    mobile: dict[str, Any] = {
        "user_agent": "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/147.0.0.0 Mobile Safari/537.36",
        "is_mobile": True,
        "has_touch": True,
        "viewport": {"width": 360, "height": 740},
    }
    phone = await open_phone(customer, attributes=attributes, body=body, **mobile)
    await until_click_to_call_loaded(phone)
    record_clicks = "() => { window.seen = []; addEventListener('click', (event) => seen.push(event), true); }"
    await phone.page.evaluate(record_clicks)
    await phone.page.get_by_role("link", name="Grace").tap()
    assert (await phone.until_event("callStarted"))["number"] == ECHO
    await phone.hangup()
    await phone.page.evaluate("() => EpochPhone.close()")
    # Last, because a browser without a dialler then waits for an answer.
    await phone.page.get_by_role("link", name="Ada").tap()
    assert await phone.page.evaluate("() => seen.at(-1).defaultPrevented") is False
    assert len(await phone.events("callStarted")) == 1
