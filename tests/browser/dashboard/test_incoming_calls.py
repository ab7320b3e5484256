"""Incoming calls and a voicemail drop from end to end: sandbox callers, forwarded phones, the dashboard's pages."""

import contextlib
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import numpy as np
import pytest
from anyio import fail_after, sleep
from playwright.async_api import Browser, expect

from browser.conftest import OpenPhone
from support.audio import read_wav, wav_of
from support.browser.contexts import open_context
from support.browser.guide import example, runs
from support.browser.phone import Phone
from support.browser.product import Customer, Product
from support.factories import sign_in
from support.local_http import local_client

pytestmark = pytest.mark.anyio
CALLER, OTHER_CALLER = "+12125550177", "+12125550176"
MAILBOX, ACCEPTS, STAYS_SILENT = "+12125550107", "+12125550108", "+12125550109"
_DECODE = """async (audio) => {
    const content = await (await fetch(audio.src)).arrayBuffer();
    const sound = await new OfflineAudioContext(1, 8000, 8000).decodeAudioData(content);
    return [...sound.getChannelData(0)];
}"""
TIMEOUT_SECONDS = 30


class IncomingNumber:
    """A number of an organization: changes its settings over the API, and calls it through the sandbox carrier."""

    def __init__(self, api: httpx.AsyncClient, organization: str, carrier: httpx.AsyncClient, number: str) -> None:
        """``organization`` is the path of the organization in the API."""
        self.api, self.organization, self.carrier, self.number = api, organization, carrier, number

    async def configure(self, **settings: Any) -> None:
        saved = await self.api.put(f"{self.organization}/incoming-calls", json={"voicemail": False, **settings})
        assert saved.status_code == 200, saved.text

    async def ring(self, *script: dict[str, object], caller: str = CALLER) -> str:
        """Call the number; returns the call's SID at the carrier."""
        body = {"from": caller, "to": self.number, "script": list(script)}
        answer = await self.carrier.post("/sandbox/incoming-calls", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["sid"])

    async def until_ended(self, sid: str) -> list[dict[str, Any]]:
        """Wait for the end of a call, and return its legs."""
        with fail_after(TIMEOUT_SECONDS):
            while True:
                calls = (await self.carrier.get("/sandbox/calls")).json()
                legs = next(call["legs"] for call in calls if call["sid"] == sid)
                if all(leg["stage"] == "over" for leg in legs):
                    return list(legs)
                await sleep(0.1)

    async def until_deleted(self, recording: str) -> None:
        """Wait until the carrier has no such recording."""
        with fail_after(TIMEOUT_SECONDS):
            while True:
                if (await self.carrier.get(f"/sandbox/recordings/{recording}")).status_code == 404:
                    return
                await sleep(0.1)


@pytest.fixture
async def customer(product: Product) -> Customer:
    """An organization without a number: numbers of test organizations are unknown to the sandbox carrier."""
    return await product.customer(number=False)


@pytest.fixture
async def called(customer: Customer) -> AsyncIterator[IncomingNumber]:
    """The number that the customer's organization gets at the carrier."""
    organization = f"/api/organizations/{customer.tenant.organization.id}"
    async with contextlib.AsyncExitStack() as stack:
        api = await stack.enter_async_context(local_client(base_url=customer.product.url, timeout=30))
        carrier = await stack.enter_async_context(local_client(base_url=customer.product.carrier))
        await sign_in(api, customer.tenant.owner)
        offers = (await api.get(f"{organization}/phone-numbers/available", params={"country": "US"})).json()["items"]
        bought = await api.post(f"{organization}/phone-numbers", json={"number": offers[0]["number"]})
        assert bought.status_code == 201, bought.text
        yield IncomingNumber(api, organization, carrier, offers[0]["number"])


async def test_a_greeting_recorded_in_the_browser_is_played_to_a_caller(
    browser: Browser, product: Product, customer: Customer, called: IncomingNumber
) -> None:
    async with open_context(browser, product, customer.tenant.owner) as context:
        page = await context.new_page()
        await page.goto(f"/dashboard/{customer.tenant.organization.slug}/settings/incoming-calls")
        await page.get_by_role("button", name="Record", exact=True).click()
        # Each second is shown for a moment only.
        await expect(page.get_by_text(re.compile(r"Recording: \d+:(0[2-9]|[1-5]\d)"))).to_be_visible()
        await page.get_by_role("button", name="Stop and save").click()
        await expect(page.get_by_text("Choose it under Greeting")).to_be_visible()
        await expect(page.get_by_role("row", name="Recording")).to_have_count(2)
        choice = page.get_by_label("Recording", exact=True)
        await expect(choice.locator("option")).to_have_text(["None: the text", re.compile(r"^Recording, \d+:\d\d, ")])
        await choice.select_option(index=1)
        await page.get_by_role("button", name="Save greeting").click()
        await expect(page.get_by_text("callers hear your recording")).to_be_visible()
        player = page.locator("table.recordings audio")
        assert await player.evaluate("audio => audio.play().then(() => audio.duration)") > 1
    legs = await called.until_ended(await called.ring({"until": "gather"}, {"wait": 10}, {"hang_up": True}))
    (played,) = [verb for verb in legs[0]["verbs"] if verb["verb"] == "Play"]
    assert played["seconds"] > 1
    assert legs[0]["energy_out"] > 0


@runs("Settings of incoming calls")
async def test_a_call_back_reaches_the_forward_phone_and_both_hear_each_other(
    browser: Browser, product: Product, customer: Customer, called: IncomingNumber
) -> None:
    await called.configure(**json.loads(await example(customer, "Settings of incoming calls")))
    legs = await called.until_ended(await called.ring({"until": "connected"}, {"speak": 4}, {"hang_up": True}))
    caller, phone = legs
    assert (phone["to"], phone["dtmf"]) == (ACCEPTS, "1")
    # Both sides spoke and heard the other side, besides the greeting or the offer to accept.
    assert min(caller["energy_in"], phone["energy_in"]) > 0
    assert caller["energy_out"] > phone["energy_in"] / 2
    assert phone["energy_out"] > caller["energy_in"] / 2
    async with open_context(browser, product, customer.tenant.owner) as context:
        page = await context.new_page()
        await page.goto(f"/dashboard/{customer.tenant.organization.slug}/calls?direction=inbound")
        row = page.get_by_role("row").filter(has_text="212-555-0177")
        await expect(row.get_by_text("Completed")).to_be_visible()
        await row.get_by_role("link").first.click()
        await expect(page.get_by_text("Accepted by pressing 1")).to_be_visible()


async def test_a_message_is_listened_to_in_the_dashboard_as_it_was_spoken(
    browser: Browser, product: Product, customer: Customer, called: IncomingNumber
) -> None:
    await called.configure(forward_to=[STAYS_SILENT], voicemail=True, ring_seconds=5, transcribe=True)
    script: tuple[dict[str, object], ...] = ({"until": "record"}, {"wait": 1}, {"speak": 3}, {"hang_up": True})
    sid = await called.ring(*script)
    caller = (await called.until_ended(sid))[0]
    async with open_context(browser, product, customer.tenant.owner) as context:
        page = await context.new_page()
        await page.goto(f"/dashboard/{customer.tenant.organization.slug}/voicemails")
        with fail_after(TIMEOUT_SECONDS):
            while not await page.locator("audio").count():
                await page.reload()
        player = page.locator("audio")
        assert await player.evaluate("audio => audio.play().then(() => audio.duration)") > 3
        heard = np.array(await player.evaluate(_DECODE))
        # The carrier's text comes some seconds later, by a job.
        with fail_after(TIMEOUT_SECONDS):
            while not await page.get_by_text(re.compile(r"Somebody spoke for \d+ seconds\.")).count():
                await page.reload()
    recorded = (await called.carrier.get(f"/sandbox/recordings/{caller['recording_sid']}")).content
    spoken = np.array(read_wav(recorded)[2]) / 32768
    assert heard.shape == spoken.shape
    assert np.abs(heard - spoken).max() < 0.001
    assert np.abs(heard[: len(heard) // 8]).max() < 0.001 < np.abs(heard[-8000:]).max()


async def test_who_presses_9_is_not_called_again(
    customer: Customer, called: IncomingNumber, open_phone: OpenPhone
) -> None:
    legs = await called.until_ended(await called.ring({"until": "gather"}, {"press": "9"}))
    assert "We will not call you again. Goodbye." in {verb.get("text") for verb in legs[0]["verbs"]}
    # Another caller presses 9 while leaving a message: the message is deleted.
    await called.configure(voicemail=True)
    script: tuple[dict[str, object], ...] = ({"until": "record"}, {"speak": 2}, {"press": "9"})
    legs = await called.until_ended(await called.ring(*script, caller=OTHER_CALLER))
    assert legs[0]["verbs"][-2]["text"] == "We will not call you again. Goodbye."
    await called.until_deleted(legs[0]["recording_sid"])
    assert (await called.api.get(f"{called.organization}/voicemails")).json()["items"] == []
    phone = await open_phone(customer)
    await phone.until_event("ready")
    for count, number in enumerate((CALLER, OTHER_CALLER), start=1):
        begun = await phone.call(number)
        await phone.until_event("callEnded", count)
        record = await phone.record(begun.call_id)
        assert (record["status"], record["end_reason"]) == ("refused", "number_blocked")


@runs("Leave a voicemail")
async def test_a_greeting_left_after_the_tone_is_in_the_mailbox_and_the_agent_is_free(
    customer: Customer, called: IncomingNumber, open_phone: OpenPhone
) -> None:
    greetings = f"{called.organization}/voicemail-greetings"
    # A page that names no agent offers only the shared greeting.
    for query, pitch in (("name=Mine", 440), ("name=Call+me+back&shared=true", 660)):
        added = await called.api.post(f"{greetings}?{query}", content=wav_of(3, pitch=pitch))
        assert added.status_code == 201, added.text
    phone = await open_phone(customer)
    await phone.until_event("ready")
    begun = await phone.call(MAILBOX)
    await _until_recorded_answer(phone)
    await phone.page.get_by_role("button", name="Leave voicemail").click()
    await phone.until_state("completed")
    await expect(phone.page.get_by_text("The mailbox is recording your greeting.")).to_be_visible()
    assert (await phone.record(begun.call_id))["end_reason"] == "voicemail_dropped"

    following = await phone.call(MAILBOX)
    await _until_recorded_answer(phone)
    code = await example(customer, "Leave a voicemail")
    await phone.page.evaluate(f"async () => {{ {code} await leaveVoicemail(); }}")
    assert await phone.page.evaluate("() => EpochPhone.isReady()")
    assert (await phone.record(following.call_id))["end_reason"] == "voicemail_dropped"

    async def recording() -> str | None:
        found: str | None = (await phone.far_end(begun.call_id))["recording_sid"]
        return found

    left = await phone.until("the mailbox's recording", recording)
    rate, _, samples = read_wav((await called.carrier.get(f"/sandbox/recordings/{left}")).content)
    strengths = np.abs(np.fft.rfft(np.array(samples[-2 * rate :], dtype=float)))
    assert abs(int(strengths.argmax()) * rate / (2 * rate) - 660) < 5


async def _until_recorded_answer(phone: Phone) -> None:
    """Wait until the phone's newest call is connected, and its record says so."""
    await phone.until_state("in-progress")

    async def probe() -> bool:
        return bool((await phone.records())[0]["status"] == "in-progress")

    await phone.until("a record of the answer", probe)
