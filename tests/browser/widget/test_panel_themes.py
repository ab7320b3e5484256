"""Accessibility of the phone's panel in every state: light, dark, forced colours, Arabic, 320 px."""

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import BrowserContext

from browser.conftest import OpenPhone
from support.browser.axe import AXE
from support.browser.message_delay import MessageDelay
from support.browser.panel_accessibility import THEMES, findings
from support.browser.phone import Phone
from support.browser.product import BUSY, ECHO, Customer

pytestmark = [pytest.mark.anyio, pytest.mark.full_chromium]

STATES = {
    *("loading", "closed", "ready", "wrong", "dialing", "ringing", "bar while ringing", "in-progress", "keypad"),
    *(
        "devices",
        "bar",
        "bar after the call",
        "completed",
        "failed",
        "recent",
        "more",
        "check",
        "bar of another tab",
        "another tab",
        "error",
    ),
}


@pytest.mark.parametrize("theme", THEMES)
async def test_every_state_of_the_panel_is_accessible(customer: Customer, open_phone: OpenPhone, theme: str) -> None:
    attributes = 'data-locale="ar"' if theme == "ar" else ""
    options = {"reduced_motion": "reduce", **THEMES[theme]}
    delay = MessageDelay()

    async def prepare(context: BrowserContext) -> None:
        await context.add_init_script(path=AXE)
        await delay.install(context)

    phone = await open_phone(customer, attributes=attributes, prepare=prepare, **options)
    found: dict[str, list[str]] = {}

    async def note(state: str) -> None:
        found[state] = await findings(phone.page, theme)

    await walk(phone, customer, delay, note)
    assert set(found) == STATES
    assert {state: problems for state, problems in found.items() if problems} == {}


async def walk(phone: Phone, customer: Customer, delay: MessageDelay, note: Callable[[str], Awaitable[None]]) -> None:
    """Bring the panel into each of its states, and call ``note`` in each."""
    panel = phone.panel
    await phone.page.evaluate("() => EpochPhone.open()")
    assert await phone.state() == "loading"
    await note("loading")
    await phone.page.evaluate("() => EpochPhone.close()")
    delay.release("exchange")
    await phone.until_event("ready")
    await note("closed")
    await phone.page.evaluate("() => EpochPhone.open()")
    await panel.locator("#country .sr").wait_for(state="attached")
    await note("ready")
    await panel.locator("#number").fill("12")
    await panel.locator("#number").press("Enter")
    await panel.get_by_role("alert").first.wait_for()
    await note("wrong")
    await phone.call(ECHO)
    await note("dialing")
    assert await phone.state() == "dialing"
    delay.release("ringing")
    await phone.until_state("ringing")
    await note("ringing")
    await phone.page.evaluate("() => EpochPhone.close()")
    await note("bar while ringing")
    await phone.page.evaluate("() => EpochPhone.open()")
    assert await phone.state() == "ringing"
    delay.release("answer")
    await phone.until_event("callAnswered")
    await note("in-progress")
    tools = panel.locator(".tool")
    await tools.nth(0).click()
    await tools.nth(1).click()
    await panel.locator(".key").first.click()
    await note("keypad")
    await tools.nth(2).click()
    await panel.locator("select:visible").first.wait_for()
    await note("devices")
    await phone.page.evaluate("() => EpochPhone.close()")
    await note("bar")
    await phone.hangup()
    await panel.locator(".end").wait_for()
    await note("bar after the call")
    await phone.page.evaluate("() => EpochPhone.open()")
    await note("completed")
    await phone.call(BUSY)
    await phone.until_event("callEnded", 2)
    await note("failed")
    await phone.page.evaluate("() => EpochPhone.reset()")
    await panel.locator(".recent").first.wait_for()
    await note("recent")
    await panel.locator("header button").first.click()
    await panel.locator("select:visible").first.wait_for()
    await note("more")
    await panel.locator(".sheet .second").first.click()
    await panel.locator('.step[data-mark="ok"]').nth(3).wait_for()
    await note("check")
    await phone.page.keyboard.press("Escape")
    await phone.page.evaluate("() => EpochPhone.close()")
    other = await phone.page.context.new_page()
    await other.goto(phone.page.url)
    await other.wait_for_function("() => EpochPhone.isReady()")
    await other.evaluate("(number) => EpochPhone.call(number)", ECHO)
    await other.wait_for_function('() => EpochPhone.getState() === "in-progress"')
    await phone.page.bring_to_front()
    await panel.locator(".bar").wait_for()
    await note("bar of another tab")
    await phone.page.evaluate("() => EpochPhone.open()")
    await note("another tab")
    await other.close()
    await panel.locator("#number").wait_for()
    await customer.revoke()
    await phone.page.evaluate("() => { EpochPhone.destroy(); EpochPhone.init({}); }")
    await phone.until_state("error")
    await phone.page.evaluate("() => EpochPhone.open()")
    await note("error")
