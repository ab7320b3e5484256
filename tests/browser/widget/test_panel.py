"""The phone's panel by keyboard, mouse and screen reader, and click-to-call beside it."""

import asyncio
from typing import Any

import pytest

from browser.conftest import OpenPhone
from support.browser.held_keys import PRESS_INTERVAL_SECONDS
from support.browser.phone import Phone
from support.browser.product import BUSY, ECHO, FAILS, Customer

pytestmark = pytest.mark.anyio

FOCUSED = """() => {
    const host = document.activeElement;
    const inside = host.shadowRoot?.activeElement ?? host;
    return inside.getAttribute("aria-label") ?? inside.innerText.trim();
}"""
INTERACTIVE = {"button", "textbox", "dialog", "group", "link"}


@pytest.fixture
async def phone(customer: Customer, open_phone: OpenPhone) -> Phone:
    opened = await open_phone(customer)
    await opened.until_event("ready")
    return opened


async def until_focused(phone: Phone, name: str) -> None:
    """Wait until the element with the accessible name or text ``name`` has the focus."""

    async def has_focus() -> bool:
        return bool(await phone.page.evaluate(FOCUSED) == name)

    await phone.until(f"focus on {name}", has_focus)


async def accessible_controls(phone: Phone) -> set[tuple[str, str]]:
    """Role and accessible name of every control, as the browser exposes them to a screen reader."""
    session = await phone.page.context.new_cdp_session(phone.page)
    tree: list[dict[str, Any]] = (await session.send("Accessibility.getFullAXTree"))["nodes"]
    await session.detach()
    shown = [node for node in tree if not node["ignored"]]
    found = {(node["role"]["value"], node.get("name", {}).get("value", "").strip()) for node in shown}
    return {(role, name) for role, name in found if role in INTERACTIVE}


@pytest.mark.every_browser
async def test_a_whole_call_by_keyboard(phone: Phone) -> None:
    keyboard = phone.page.keyboard
    await keyboard.press("Tab")
    await until_focused(phone, "Open phone")
    await keyboard.press("Enter")
    await until_focused(phone, "Phone number")
    await keyboard.type("2125550101")
    await keyboard.press("Enter")
    started = await phone.until_event("callStarted")
    assert started["number"] == ECHO
    await phone.until_event("callAnswered")
    await until_focused(phone, "Hang up")
    await phone.hear(started["callId"])
    await keyboard.type("42#")
    await phone.until_digits(started["callId"], "42#")
    await keyboard.press("Escape")
    await until_focused(phone, "Open phone")
    bar = phone.panel.get_by_role("group", name="In call")
    await bar.get_by_role("button", name="Mute").wait_for()
    await keyboard.press("Enter")
    await until_focused(phone, "Hang up")
    await asyncio.sleep(PRESS_INTERVAL_SECONDS)
    await keyboard.press("Enter")
    assert (await phone.until_event("callEnded"))["status"] == "completed"
    await until_focused(phone, "Call again")
    await keyboard.press("Escape")
    await until_focused(phone, "Open phone")
    assert [event["name"] for event in await phone.events("open", "close")] == ["open", "close", "open", "close"]


async def test_hanging_up_from_the_bar_leaves_the_focus_on_the_button(phone: Phone) -> None:
    await phone.call(ECHO)
    await phone.until_event("callAnswered")
    await phone.panel.get_by_role("button", name="Minimise").press("Enter")
    await phone.panel.get_by_role("group", name="In call").get_by_role("button", name="Hang up").press("Enter")
    await phone.until_event("callEnded")
    await until_focused(phone, "Open phone")


async def test_devices_shows_the_devices_and_more_shows_all_settings(phone: Phone) -> None:
    await phone.call(ECHO)
    await phone.until_event("callAnswered")
    panel = phone.panel
    await panel.get_by_role("button", name="Devices").press("Enter")
    await panel.get_by_role("heading", name="Devices").wait_for()
    assert await panel.get_by_label("Microphone").evaluate("(select) => select.getRootNode().activeElement === select")
    assert await panel.get_by_role("button", name="Check my phone").count() == 0
    more = panel.get_by_role("button", name="More", exact=True)
    assert await more.get_attribute("aria-expanded") == "false"
    await more.press("Enter")
    await panel.get_by_role("heading", name="More").wait_for()
    await phone.page.keyboard.press("Escape")
    await until_focused(phone, "More")


async def test_the_bar_says_how_a_call_ended_while_the_panel_is_closed(phone: Phone) -> None:
    await phone.call(BUSY)
    await phone.page.evaluate("() => EpochPhone.close()")
    await phone.until_event("callEnded")
    end = phone.panel.locator(".end").filter(has_text="+1 212-555-0102").filter(has_text="The line is busy")
    await end.hover()
    status = phone.panel.get_by_role("status").first
    assert await status.text_content() == "The line is busy. Try again in a few minutes."
    assert await status.get_attribute("aria-live") in (None, "polite")
    await end.get_by_text("The line is busy").click()
    await phone.panel.get_by_text("Try again in a few minutes.").filter(visible=True).first.wait_for()
    await phone.page.evaluate("() => EpochPhone.close()")
    await phone.panel.get_by_role("button", name="Open phone").wait_for()
    assert not await end.is_visible()


async def test_every_control_has_an_accessible_name_in_every_state(phone: Phone) -> None:
    seen = {"closed": await accessible_controls(phone)}
    await phone.panel.get_by_role("button", name="Open phone").click()
    seen["ready"] = await accessible_controls(phone)
    await phone.call(ECHO)
    await phone.until_event("callAnswered")
    await phone.panel.get_by_role("button", name="Keypad").click()
    seen["in-progress"] = await accessible_controls(phone)
    await phone.panel.get_by_role("button", name="Minimise").click()
    seen["bar"] = await accessible_controls(phone)
    await phone.hangup()
    await phone.panel.get_by_role("button", name="Open phone").click()
    seen["completed"] = await accessible_controls(phone)
    await phone.call(FAILS)
    await phone.until_event("callEnded", 2)
    seen["failed"] = await accessible_controls(phone)

    assert [(state, role) for state, things in seen.items() for role, name in things if not name] == []
    keys = {("button", name) for name in ("1", "2 ABC", "9 WXYZ", "*", "0", "#")}
    assert seen["closed"] == {("button", "Open phone")}
    assert seen["ready"] >= keys | {("dialog", "Phone"), ("textbox", "Phone number"), ("button", "Call")}
    assert seen["in-progress"] >= keys | {("button", "Mute"), ("button", "Keypad"), ("button", "Hang up")}
    assert seen["bar"] >= {("group", "In call"), ("button", "Mute"), ("button", "Hang up"), ("button", "Open phone")}
    assert seen["completed"] >= {("button", "Call again"), ("button", "New call")}
    assert seen["failed"] >= {("button", "Try again"), ("button", "New call")}


@pytest.mark.every_browser
async def test_the_keypad_dials_and_mute_mutes(phone: Phone) -> None:
    panel = phone.panel
    await panel.get_by_role("button", name="Open phone").click()
    for digit in "2125550101":
        await panel.get_by_role("group", name="Keypad").get_by_text(digit, exact=True).click()
    await panel.get_by_role("button", name="Call", exact=True).click()
    call_id = (await phone.until_event("callAnswered"))["callId"]
    await panel.get_by_role("button", name="Mute").click()
    assert await phone.until_event("muted") == {"muted": True}
    await phone.hear(call_id)  # audio that was sent before the click still arrives
    before, after = await phone.hear(call_id)
    assert after.far_end["energy_in"] - before.far_end["energy_in"] < 1e-4
    await panel.get_by_role("button", name="Unmute").click()
    before, after = await phone.hear(call_id)
    assert after.far_end["energy_in"] - before.far_end["energy_in"] > 1e-4
    await panel.get_by_role("button", name="Hang up").click()
    assert (await phone.until_event("callEnded"))["number"] == ECHO


async def test_a_number_that_cannot_be_dialled_is_marked_in_the_field(phone: Phone) -> None:
    await phone.panel.get_by_role("button", name="Open phone").click()
    field = phone.panel.get_by_role("textbox", name="Phone number")
    await field.fill("12")
    await field.press("Enter")
    await phone.panel.get_by_role("alert").get_by_text("Invalid phone number", exact=True).wait_for()
    assert await field.get_attribute("aria-invalid") == "true"
    await field.press("3")
    assert await field.get_attribute("aria-invalid") == "false"


@pytest.mark.every_browser
async def test_click_to_call_takes_rows_links_and_keys(customer: Customer, open_phone: OpenPhone) -> None:
    rows = f'<span id=row data-phone="{ECHO}">Row</span> <a href="tel:+1-212-555-0101">Link</a>'
    phone = await open_phone(customer, attributes='data-click-to-call="on"', body=rows)
    await phone.until_event("ready")
    later = f"""() => document.body.insertAdjacentHTML("beforeend", '<p data-phone="{ECHO}">Later</p>')"""
    await phone.page.evaluate(later)
    await phone.page.get_by_role("button", name="Row", exact=True).click()
    await phone.until_event("callAnswered", 1)
    await phone.hangup()
    await phone.page.get_by_text("Link", exact=True).click()
    await phone.until_event("callAnswered", 2)
    await phone.hangup()
    await phone.page.get_by_text("Later", exact=True).press("Enter")
    await phone.until_event("callAnswered", 3)
    await phone.hangup()
    assert [detail["number"] for detail in await phone.details("callEnded")] == [ECHO] * 3
