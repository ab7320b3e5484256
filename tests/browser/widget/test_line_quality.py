"""Warnings about a live call's sound: lost packets, a silent microphone."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from browser.conftest import NewBrowser, OpenPhone
from support.browser.phone import Phone
from support.browser.product import ECHO, Customer
from support.browser.silence import silent_file
from support.local_http import local_client

pytestmark = pytest.mark.anyio

# The voice SDK looks once a second, and warns of what was so three times, or for ten seconds.
WARNING_MS = 60_000
LOST = "Poor connection: parts of the sound are lost"
NOT_HEARD = "No sound from the other side"
SILENT = "No sound from your microphone"


async def lose(customer: Customer, percent: int) -> None:
    """Have the sandbox lose packets on their way to the browser: a bad line, as the browser sees one."""
    async with local_client() as client:
        answer = await client.post(f"{customer.product.carrier}/sandbox/lose-packets", params={"percent": percent})
    assert answer.json()["calls"] >= 1


async def until_warned(phone: Phone, words: str) -> None:
    await expect(phone.panel.locator(".line")).to_have_text(words, timeout=WARNING_MS)
    await expect(phone.panel.get_by_role("status").filter(has_text=words).first).to_be_attached()


@pytest.mark.parametrize(("percent", "words"), [(40, LOST), (100, NOT_HEARD)], ids=["some", "all"])
async def test_lost_packets_are_told_as_long_as_they_are_lost(
    customer: Customer, open_phone: OpenPhone, percent: int, words: str
) -> None:
    phone = await open_phone(customer)
    await phone.until_event("ready")
    begun = await phone.call(ECHO)
    await phone.until_event("callAnswered")
    await phone.hear(begun.call_id)
    await expect(phone.panel.locator(".line")).to_have_text("")
    await lose(customer, percent)
    await until_warned(phone, words)
    assert await phone.state() == "in-progress"
    await lose(customer, 0)
    await expect(phone.panel.locator(".line")).not_to_have_text(words, timeout=WARNING_MS)
    await phone.hear(begun.call_id)


async def test_a_microphone_that_is_silent_in_a_call_is_told(
    customer: Customer, open_phone: OpenPhone, new_browser: NewBrowser, tmp_path: Path
) -> None:
    silence = f"--use-file-for-fake-audio-capture={silent_file(tmp_path)}"
    phone = await open_phone(customer, browser=await new_browser(more=(silence,)))
    await phone.until_event("ready")
    await phone.call(ECHO)
    await phone.until_event("callAnswered")
    await until_warned(phone, SILENT)
