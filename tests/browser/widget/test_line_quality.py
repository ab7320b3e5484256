"""The phone's warnings about the sound of a live call: lost packets, a silent microphone."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from browser.conftest import NewBrowser, OpenPhone
from support.browser.phone import Phone
from support.browser.product import ECHO, Customer
from support.browser.silent_recording import silent_file
from support.local_http import local_client

pytestmark = pytest.mark.anyio

# The voice SDK checks once a second, and warns after three bad checks, or after ten seconds.
WARNING_MS = 60_000
LOST = "Poor connection: parts of the sound are lost"
NOT_HEARD = "No sound from the other side"
SILENT = "No sound from your microphone"


async def lose(customer: Customer, percent: int) -> None:
    """Make the sandbox lose ``percent`` of the packets to the browser."""
    async with local_client() as client:
        answer = await client.post(f"{customer.product.carrier}/sandbox/lose-packets", params={"percent": percent})
    assert answer.json()["calls"] >= 1


async def until_warned(phone: Phone, text: str) -> None:
    await expect(phone.panel.locator(".call-note")).to_have_text(text, timeout=WARNING_MS)
    await expect(phone.panel.get_by_role("status").filter(has_text=text).first).to_be_attached()


@pytest.mark.parametrize(("percent", "text"), [(40, LOST), (100, NOT_HEARD)], ids=["some", "all"])
async def test_a_warning_is_shown_while_packets_are_lost(
    customer: Customer, open_phone: OpenPhone, percent: int, text: str
) -> None:
    phone = await open_phone(customer)
    await phone.until_event("ready")
    begun = await phone.call(ECHO)
    await phone.until_event("callAnswered")
    await phone.hear(begun.call_id)
    await expect(phone.panel.locator(".call-note")).to_have_text("")
    await lose(customer, percent)
    await until_warned(phone, text)
    assert await phone.state() == "in-progress"
    await lose(customer, 0)
    await expect(phone.panel.locator(".call-note")).not_to_have_text(text, timeout=WARNING_MS)
    await phone.hear(begun.call_id)


async def test_a_warning_is_shown_for_a_silent_microphone(
    customer: Customer, open_phone: OpenPhone, new_browser: NewBrowser, tmp_path: Path
) -> None:
    silence = f"--use-file-for-fake-audio-capture={silent_file(tmp_path)}"
    phone = await open_phone(customer, browser=await new_browser(more=(silence,)))
    await phone.until_event("ready")
    await phone.call(ECHO)
    await phone.until_event("callAnswered")
    await until_warned(phone, SILENT)
