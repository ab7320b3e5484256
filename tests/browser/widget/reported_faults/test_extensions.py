"""Telephone extensions and further digits are sent as tones after the answer, in order, and never with the number."""

import asyncio

import pytest
from playwright.async_api import expect

from browser.conftest import OpenPhone
from support.browser.held_keys import PRESS_INTERVAL_SECONDS
from support.browser.phone import Phone
from support.browser.pop_out import call_in_window
from support.browser.product import ECHO, Customer

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.reported_fault(
        "extensions",
        threads="WebFundamentals#6826, Telephone#67, connector-telephony#32, Rocket.Chat#899",
    ),
]


async def ready(open_phone: OpenPhone, customer: Customer, attributes: str = "") -> Phone:
    phone = await open_phone(customer, attributes=attributes)
    await phone.until_event("ready")
    return phone


async def test_an_extension_and_digits_follow_the_answer_and_the_extension_is_kept(
    customer: Customer, open_phone: OpenPhone
) -> None:
    phone = await ready(open_phone, customer)
    begun = await phone.call(ECHO, {"extension": "204", "digits": ",9#"})
    await phone.until_event("callAnswered")
    # A digit that is sent meanwhile follows the digits of the call.
    await phone.page.evaluate("() => EpochPhone.sendDtmf('1')")
    await expect(phone.panel.get_by_text("+1 212-555-0101 ext. 204")).to_be_visible()
    await phone.until_digits(begun.call_id, "2049#1")
    far_end = await phone.far_end(begun.call_id)
    assert (far_end["params"]["To"], far_end["params"]["Extension"]) == (ECHO, "204")
    assert "9#" not in str(far_end["params"])
    assert await phone.page.evaluate("() => EpochPhone.isMuted()") is False
    await phone.hear(begun.call_id)
    assert (await phone.page.evaluate("() => EpochPhone.getCall()"))["extension"] == "204"
    await phone.hangup()
    record = await phone.assert_agrees(begun.call_id, ECHO, "completed")
    assert record["extension"] == "204"
    for name in ("callStarted", "callEnded"):
        assert (await phone.until_event(name))["extension"] == "204"
    stored = str(await phone.events()) + await phone.page.evaluate("() => JSON.stringify({ ...sessionStorage })")
    assert ("204" in stored, "9#" in stored) == (True, False)
    assert phone.console == []

    # Call again sends both again.
    await asyncio.sleep(PRESS_INTERVAL_SECONDS)
    await phone.panel.get_by_role("button", name="Call again").click()
    again = await phone.until_event("callStarted", 2)
    await phone.until_event("callAnswered", 2)
    await phone.until_digits(again["callId"], "2049#")
    assert again["extension"] == "204"


async def test_an_extension_in_the_number_is_shown_sent_as_tones_and_listed(
    customer: Customer, open_phone: OpenPhone
) -> None:
    link = '<a href="tel:+1-212-555-0101;ext=204">Ada</a>'
    phone = await open_phone(customer, attributes='data-click-to-call="on"', body=link)
    await phone.until_event("ready")

    async def sent(count: int, tones: str) -> dict[str, str]:
        call = await phone.until_event("callStarted", count)
        await phone.until_event("callAnswered", count)
        await phone.until_digits(call["callId"], tones)
        await phone.hangup()
        params: dict[str, str] = (await phone.far_end(call["callId"]))["params"]
        assert (call["number"], params["To"], call.get("extension")) == (ECHO, ECHO, params.get("Extension"))
        return params

    await phone.page.get_by_role("link", name="Ada").click()
    assert (await sent(1, "204"))["Extension"] == "204"
    await phone.panel.get_by_role("button", name="New call").click()
    # The list shows the last call with its extension, which a press writes to the field, where it can be changed.
    await phone.panel.get_by_role("button", name="+1 212-555-0101 ext. 204").click()
    field = phone.panel.get_by_label("Phone number")
    await expect(phone.panel.locator("#reading")).to_contain_text("ext. 204")
    await field.press("End")
    await field.press("Backspace")
    await field.press_sequentially("5")
    await expect(phone.panel.locator("#reading")).to_contain_text("ext. 205")
    await field.press("Enter")
    assert (await sent(2, "205"))["Extension"] == "205"
    await phone.call("(212) 555-0101,,204#")
    assert "Extension" not in await sent(3, "204#")


async def test_a_semicolon_waits_for_enter_and_a_hang_up_drops_the_rest(
    customer: Customer, open_phone: OpenPhone
) -> None:
    phone = await ready(open_phone, customer)
    await phone.panel.get_by_role("button", name="Open phone").click()
    begun = await phone.call(ECHO, {"digits": "1;204;5"})
    send = phone.panel.get_by_role("button", name="Send 204")
    await send.wait_for()
    await phone.until_digits(begun.call_id, "1")
    await send.focus()
    await phone.page.keyboard.press("Enter")
    await phone.panel.get_by_role("button", name="Send 5").wait_for()
    await phone.until_digits(begun.call_id, "1204")
    await phone.panel.get_by_role("button", name="Hang up").click()
    await phone.assert_agrees(begun.call_id, ECHO, "completed")
    assert (await phone.far_end(begun.call_id))["dtmf"] == "1204"


async def test_the_pop_out_sends_tones_and_both_pages_ask_for_waiting_ones(
    customer: Customer, open_phone: OpenPhone
) -> None:
    phone = await ready(open_phone, customer, 'data-pop-out="on"')
    begun, window = await call_in_window(phone, ECHO, {"extension": "204", "digits": ";7#"})
    await phone.until_event("callAnswered")
    await window.panel.get_by_role("button", name="Send 7#").wait_for()
    await phone.until_digits(begun.call_id, "204")
    await phone.panel.get_by_role("button", name="Send 7#").click()
    await phone.until_digits(begun.call_id, "2047#")
    await window.panel.get_by_role("button", name="Send 7#").wait_for(state="hidden")
    await phone.hangup()
    assert (await phone.assert_agrees(begun.call_id, ECHO, "completed"))["extension"] == "204"


@pytest.mark.parametrize(
    ("option", "code", "message"),
    [
        ("extension: '20a'", "invalid_extension", "Invalid extension"),
        ("digits: '1 2'", "invalid_digits", "Invalid digits"),
    ],
)
async def test_invalid_extensions_and_digits_are_refused_with_the_allowed_characters(
    customer: Customer, open_phone: OpenPhone, option: str, code: str, message: str
) -> None:
    phone = await ready(open_phone, customer)
    await phone.panel.get_by_role("button", name="Open phone").click()
    assert not await phone.page.evaluate(f"() => EpochPhone.call('{ECHO}', {{ {option} }})")
    error = await phone.until_event("error")
    assert (error["code"], error["message"]) == (code, message)
    await phone.panel.get_by_role("alert").get_by_text("0-9, *").wait_for()
    assert await phone.state() == "ready"
