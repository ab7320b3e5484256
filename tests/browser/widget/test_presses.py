"""Held keys and double presses cause one action each, on everything that starts, ends or mutes a call."""

import asyncio

import pytest
from playwright.async_api import expect

from browser.conftest import OpenPhone
from support.browser.held_keys import ENTER, FIVE, PRESS_INTERVAL_SECONDS, SPACE, held
from support.browser.phone import Phone
from support.browser.product import ECHO, FAILS, Customer

pytestmark = pytest.mark.anyio

NUMBERS = f"""<p><a id="ada" href="tel:{FAILS}">Ada</a> <span id="bob" data-phone="{FAILS}">Bob</span></p>"""


@pytest.fixture
async def phone(customer: Customer, open_phone: OpenPhone) -> Phone:
    opened = await open_phone(customer, attributes='data-click-to-call="on"', body=NUMBERS)
    await opened.until_event("ready")
    await opened.page.locator("#bob[role=button]").wait_for()
    await opened.panel.get_by_role("button", name="Open phone").click()
    await expect(opened.panel.locator("#country .sr")).to_have_count(1)  # the dialer is loaded
    return opened


async def ended(phone: Phone, calls: int) -> None:
    """Wait for the end of the last of ``calls`` calls; assert that there were no others."""
    await phone.until_event("callEnded", calls)
    assert len(await phone.details("callStarted")) == calls


async def test_a_held_key_places_one_call(phone: Phone) -> None:
    page, panel = phone.page, phone.panel
    await panel.get_by_role("textbox", name="Phone number").fill(FAILS)
    async with held(page, ENTER):
        await ended(phone, 1)
    await ended(phone, 1)

    for calls, key in enumerate((ENTER, SPACE), start=2):
        await panel.get_by_role("button", name="Try again").focus()
        await asyncio.sleep(PRESS_INTERVAL_SECONDS)
        async with held(page, key):
            if key == ENTER:
                await ended(phone, calls)
        await ended(phone, calls)

    for calls, number in enumerate(("#ada", "#bob"), start=4):
        await page.locator(number).focus()
        await asyncio.sleep(PRESS_INTERVAL_SECONDS)
        async with held(page, ENTER):
            await ended(phone, calls)
        await ended(phone, calls)


async def test_a_double_press_calls_once_and_hangs_up_once(phone: Phone) -> None:
    panel, keyboard = phone.panel, phone.page.keyboard
    field = panel.get_by_role("textbox", name="Phone number")
    await field.fill(ECHO)
    await panel.get_by_role("button", name="Call", exact=True).dblclick()
    call_id = (await phone.until_event("callAnswered"))["callId"]
    await panel.get_by_role("button", name="Mute").dblclick()
    assert await phone.details("muted") == [{"muted": True}]
    async with held(phone.page, FIVE):
        await phone.until_digits(call_id, "5")
    await phone.until_digits(call_id, "5")
    await panel.get_by_role("button", name="Hang up").dblclick()
    await ended(phone, 1)

    await panel.get_by_role("button", name="New call").click()
    await field.fill(ECHO)
    await keyboard.press("Enter")
    await keyboard.press("Enter")
    await phone.until_event("callAnswered", 2)
    await panel.get_by_role("button", name="Minimise").click()
    opened = len(await phone.events("open"))
    bar = panel.get_by_role("group", name="In call")
    await bar.get_by_role("button", name="Mute").click()
    await bar.get_by_role("button", name="Unmute").click()
    await bar.get_by_role("button", name="Hang up").dblclick()
    await ended(phone, 2)
    assert len(await phone.events("open")) == opened

    await phone.page.locator("#bob").dblclick()
    await ended(phone, 3)
    assert [call["status"] for call in await phone.details("callEnded")] == ["completed", "completed", "failed"]
