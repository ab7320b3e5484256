"""Numbers typed, pasted, filled in or given by the page: cleaned, shown as dialled, asked about where ambiguous."""

import asyncio

import pytest
from playwright.async_api import Locator, expect

from browser.conftest import OpenPhone
from support.browser.held_keys import PRESS_INTERVAL_SECONDS
from support.browser.phone import Phone
from support.browser.product import ECHO, Customer

pytestmark = pytest.mark.anyio

ROW = "2026-11-28 14:00 +1 212 555 0101"
TWO_NUMBERS = "ID 4471234567 phone (212) 555-0101"
FILL_IN = """(input, text) => {
    input.value = text;
    input.dispatchEvent(new Event("change", { bubbles: true }));
}"""


@pytest.fixture
async def phone(customer: Customer, open_phone: OpenPhone) -> Phone:
    opened = await open_phone(customer, permissions=["microphone", "clipboard-read", "clipboard-write"])
    await opened.until_event("ready")
    await opened.panel.get_by_role("button", name="Open phone").click()
    await expect(opened.panel.locator("#country .sr")).to_have_count(1)
    return opened


def field_of(phone: Phone) -> Locator:
    return phone.panel.get_by_role("textbox", name="Phone number")


def offered_by(phone: Phone) -> Locator:
    numbers = phone.panel.get_by_role("list", name="Which number do you want to call?")
    return numbers.get_by_role("button")


async def enter(phone: Phone) -> None:
    """Press Enter in the field, after the half second in which the phone ignores a second press."""
    await asyncio.sleep(PRESS_INTERVAL_SECONDS)
    await field_of(phone).press("Enter")


async def paste(phone: Phone, text: str) -> None:
    await phone.page.evaluate("(text) => navigator.clipboard.writeText(text)", text)
    await field_of(phone).fill("")
    await field_of(phone).press("ControlOrMeta+v")


@pytest.mark.reported_fault("paste", threads="woocommerce#58000, intl-tel-input#2105")
async def test_the_panel_asks_about_a_pasted_text_with_more_than_a_number(phone: Phone) -> None:
    field, offered = field_of(phone), offered_by(phone)
    for text, numbers in (
        (ROW, ["+1 212-555-0101 United States"]),
        (TWO_NUMBERS, ["+1 212-555-0101 United States", "+1 447-123-4567"]),
    ):
        await paste(phone, text)
        await expect(field).to_have_value(text)
        await expect(offered).to_have_text(numbers)
        await enter(phone)
        await expect(phone.panel.get_by_role("alert").first).to_contain_text("It is not clear which number is meant")
    assert [error["code"] for error in await phone.details("error")] == ["ambiguous_number"] * 2
    assert await phone.details("callStarted") == []

    for text, shown in (
        ("2026-11-28 14", "2026-11-28 14"),
        ("+4930901820\n204", "+4930901820 | 204"),
        ("415 555 2671\t212 555 0101", "415 555 2671 | 212 555 0101"),
    ):
        await paste(phone, text)
        await expect(field).to_have_value(shown)
        await field.fill("")
        await phone.page.keyboard.insert_text(text)
        await expect(field).to_have_value(shown)

    await paste(phone, "+1\ufe0f-212-555-0101")
    await expect(field).to_have_value("+1 212-555-0101")
    await expect(offered).to_have_count(0)

    # Enter in the list writes the number to the field; only Enter in the field calls.
    await paste(phone, TWO_NUMBERS)
    await offered.first.focus()
    await phone.page.keyboard.press("Enter")
    await expect(field).to_have_value("+1 212-555-0101")
    await expect(field).to_be_focused()
    assert await phone.details("callStarted") == []
    await enter(phone)
    assert (await phone.until_event("callStarted"))["number"] == ECHO


@pytest.mark.reported_fault("paste", threads="woocommerce#58000, intl-tel-input#2105")
async def test_a_call_of_the_page_with_several_numbers_opens_the_panel(
    customer: Customer, open_phone: OpenPhone
) -> None:
    phone = await open_phone(
        customer, attributes='data-click-to-call="on"', body=f'<p data-phone="{TWO_NUMBERS}">Ada</p>'
    )
    await phone.until_event("ready")
    begun = await phone.call(f"{ECHO} or (415) 555-2671", {"name": "Ada Park"})
    assert not begun.is_started
    assert [event["detail"]["code"] for event in begun.events if event["name"] == "error"] == ["ambiguous_number"]
    await expect(offered_by(phone)).to_have_text(["+1 212-555-0101 United States", "+1 415-555-2671 United States"])
    await offered_by(phone).first.click()
    await expect(field_of(phone)).to_have_value("+1 212-555-0101")
    await phone.panel.get_by_role("button", name="Call", exact=True).click()
    started = await phone.until_event("callStarted")
    assert (started["number"], started["name"]) == (ECHO, "Ada Park")
    await phone.hangup()
    await phone.until_event("callEnded")

    await phone.page.get_by_text("Ada", exact=True).click()
    await expect(offered_by(phone)).to_have_count(2)
    assert len(await phone.details("callStarted")) == 1


@pytest.mark.reported_fault("composition", threads="cleave.js PR#663, Inputmask#2662")
async def test_a_number_from_an_input_method_is_not_doubled(phone: Phone) -> None:
    field = field_of(phone)
    await field.focus()
    session = await phone.page.context.new_cdp_session(phone.page)
    for length in range(1, 11):
        text = "2125550101"[:length]
        composed = {"text": text, "selectionStart": length, "selectionEnd": length}
        await session.send("Input.imeSetComposition", composed)
        await expect(field).to_have_value(text)
    await session.send("Input.insertText", {"text": "2125550101"})
    await expect(field).to_have_value("(212) 555-0101")
    await field.press("Enter")
    assert (await phone.until_event("callStarted"))["number"] == ECHO


@pytest.mark.reported_fault(
    "cleaning in one place", threads="woocommerce#58000, Signal-Android#11630, intl-tel-input#2105"
)
async def test_the_number_that_is_called_is_shown_below_the_field(phone: Phone) -> None:
    field, reading = field_of(phone), phone.panel.locator("#reading")
    for text in ("\u202a+١٢١٢٥٥٥٠١٠١\u202c", "+۱۲۱۲۵۵۵۰۱۰۱", "＋１２１２５５５０１０１"):
        await field.fill("")
        await phone.page.keyboard.insert_text(text)
        await expect(field).to_have_value("+1 212-555-0101")
        await expect(reading).to_have_text("+1 212-555-0101 United States")

    await field.evaluate(FILL_IN, "1600 Amphitheatre Parkway, Mountain View")
    await expect(reading).to_have_text("")
    await enter(phone)
    assert (await phone.until_event("error"))["code"] == "invalid_number"
    assert await phone.details("callStarted") == []

    await field.evaluate(FILL_IN, "2125550101")
    await expect(field).to_have_value("(212) 555-0101")
    # A browser extension may rewrite the number in the field without an event: the text in the field is called.
    await field.evaluate("(input) => { input.value = '+1 212 555 0101'; }")
    await enter(phone)
    assert (await phone.until_event("callStarted"))["number"] == ECHO


@pytest.mark.reported_fault("told = dialled", threads="zod#5563, libphonenumber-js#185")
async def test_the_number_in_events_is_the_dialled_number(phone: Phone) -> None:
    begun = await phone.call("001 (0)212-555-0101")
    assert begun.is_started
    assert (await phone.until_event("callAnswered"))["number"] == ECHO
    assert (await phone.page.evaluate("() => EpochPhone.getCall()"))["number"] == ECHO
    await phone.hangup()
    await phone.assert_agrees(begun.call_id, ECHO, "completed")


@pytest.mark.reported_fault("vanity", threads="linphone-android#2098")
async def test_letters_are_translated_and_shown(phone: Phone) -> None:
    field, reading = field_of(phone), phone.panel.locator("#reading")
    await field.press_sequentially("1-800-FLOWERS")
    await expect(reading).to_have_text("+1 800-356-9377 United States")
    await field.fill("442079460018")
    await enter(phone)
    await expect(offered_by(phone)).to_have_text(["+44 20 7946 0018 United Kingdom"])
    assert await phone.details("callStarted") == []
    await field.fill("1-800-FLOWERS")
    await enter(phone)
    assert (await phone.until_event("callStarted"))["number"] == "+18003569377"
