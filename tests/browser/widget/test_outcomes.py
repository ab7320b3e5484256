"""The phone's form for the outcome and note of a call: keys, a note that is too long, a reload before it is sent."""

import pytest
from playwright.async_api import expect

from browser.conftest import OpenPhone
from calls.outcomes.rules import Outcome
from calls.outcomes.services import OutcomeService
from kit.actor import SYSTEM
from support.browser.phone import Phone
from support.browser.product import HANGS_UP, Customer

pytestmark = pytest.mark.anyio


@pytest.fixture
async def phone(customer: Customer, open_phone: OpenPhone) -> Phone:
    """The phone of an organization with two outcomes, after a call that the other side ended."""
    async with customer.product.database.sessions() as session, session.begin():
        outcomes = Outcome("Meeting booked", "#059669", True), Outcome("Call back <b>later</b>", "#d97706")
        await OutcomeService(session).replace(customer.tenant.organization.id, outcomes, by=SYSTEM)
    opened = await open_phone(customer)
    await opened.until_event("ready")
    await opened.call(HANGS_UP)
    await opened.until_event("callEnded")
    await expect(opened.panel.get_by_role("region", name="How did it go?")).to_be_visible()
    return opened


async def test_a_key_chooses_the_outcome_and_enter_saves_it_with_the_note(phone: Phone, customer: Customer) -> None:
    await phone.panel.get_by_role("button", name="Call again").focus()
    await phone.page.keyboard.press("2")
    await expect(phone.panel.get_by_role("button", name="Call back <b>later</b>")).to_have_attribute(
        "aria-pressed", "true"
    )
    await phone.page.keyboard.type("Ask for Ann & 2 more")
    await phone.page.keyboard.press("Enter")

    emitted = await phone.until_event("callOutcome")
    await expect(phone.panel.get_by_text("Saved · Call back <b>later</b>")).to_be_visible()
    [call] = await customer.calls()
    assert (call["outcome"], call["note"]) == ("Call back <b>later</b>", "Ask for Ann & 2 more")
    assert {name: emitted[name] for name in ("callId", "outcome", "note")} == {
        "callId": call["call_id"],
        "outcome": call["outcome"],
        "note": call["note"],
    }
    # The server checks an outcome that the page sets.
    refused = await phone.page.evaluate(
        "id => EpochPhone.setOutcome(id, { outcome: 'Sold' }).catch(({ code }) => code)", call["call_id"]
    )
    assert refused == "validation_failed"
    assert [error["code"] for error in await phone.details("error")] == ["validation_failed"]


async def test_a_note_that_is_too_long_is_not_cut_and_cannot_be_saved(phone: Phone, customer: Customer) -> None:
    note, save = phone.panel.get_by_label("Note"), phone.panel.get_by_role("button", name="Save")
    await note.fill("")
    # Inserted as by pasting, which a maximum length would cut.
    await note.evaluate(
        "(field, text) => { field.focus(); document.execCommand('insertText', false, text); }", "x" * 5_012
    )
    assert len(await note.input_value()) == 5_012
    await expect(phone.panel.get_by_text("5012 / 5000")).to_be_visible()
    await expect(note).to_have_accessible_description("5012 / 5000")
    await expect(save).to_be_disabled()
    await note.press("Enter")
    # A character of two UTF-16 units counts once, as on the server.
    await note.fill("\U0001f4de" * 5_000)
    await expect(note).to_have_attribute("aria-invalid", "false")
    await save.click()
    await phone.until_event("callOutcome")
    assert [call["note"] for call in await customer.calls()] == ["\U0001f4de" * 5_000]


async def test_an_unsent_note_survives_a_reload(phone: Phone, customer: Customer) -> None:
    note = phone.panel.get_by_label("Note")
    await note.fill("Not sent yet")
    await phone.page.reload()
    await phone.until_event("ready")
    await phone.page.evaluate("() => EpochPhone.open()")
    await phone.panel.get_by_role("button", name="Add").click()
    await expect(note).to_have_value("Not sent yet")
    choice = phone.panel.get_by_role("button", name="Call back <b>later</b>")
    await choice.focus()
    await phone.page.keyboard.press("2")
    await expect(choice).to_have_attribute("aria-pressed", "true")
    await expect(phone.panel.get_by_label("Phone number")).to_have_value("")
    await choice.click()  # removes the choice
    await phone.panel.get_by_role("button", name="Save").click()
    await phone.until_event("callOutcome")
    [call] = await customer.calls()
    assert (call["outcome"], call["note"]) == (None, "Not sent yet")
    assert (
        await phone.page.evaluate("() => Object.keys(sessionStorage).filter((key) => key.includes('outcomes'))") == []
    )
