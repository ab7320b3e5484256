"""The speaker on which the phone plays a call: chosen, remembered, and unplugged during the call."""

import json

import pytest
from playwright.async_api import Locator, expect

from browser.conftest import OpenPhone
from support.browser.phone import Phone
from support.browser.product import ECHO, Customer

pytestmark = [pytest.mark.anyio, pytest.mark.full_chromium]

# Collects the elements for which a speaker was set, once the browser has confirmed it.
RECORD_SPEAKERS = """<script>
    const players = window[Symbol.for("epoch.players")] = new Set();
    const set = HTMLMediaElement.prototype.setSinkId;
    HTMLMediaElement.prototype.setSinkId = async function (id) {
        await set.call(this, id);
        players.add(this);
    };
</script>"""
PLAYING_ON = """() => [...window[Symbol.for("epoch.players")]]
    .filter(({ srcObject, paused }) => srcObject?.active && !paused).map(({ sinkId }) => sinkId)"""
# The browser's fake devices cannot be unplugged: one is removed from the list, and the event is dispatched.
CAN_UNPLUG = """<script>
    const { mediaDevices } = navigator;
    const all = mediaDevices.enumerateDevices.bind(mediaDevices);
    let unplugged = null;
    mediaDevices.enumerateDevices = async () => (await all()).filter(({ deviceId }) => deviceId !== unplugged);
    window[Symbol.for("epoch.unplug")] = (deviceId) => {
        unplugged = deviceId;
        mediaDevices.dispatchEvent(new Event("devicechange"));
    };
</script>"""
UNPLUG = "(deviceId) => window[Symbol.for('epoch.unplug')](deviceId)"
REMEMBERED = "() => localStorage.getItem('epochphone')"


async def in_call(phone: Phone) -> None:
    await phone.until_event("ready")
    await phone.call(ECHO)
    await phone.until_event("callAnswered")


async def speakers(phone: Phone) -> Locator:
    await phone.panel.get_by_role("button", name="Devices").click()
    picker = phone.panel.get_by_role("combobox", name="Speaker")
    await expect(picker.get_by_role("option")).not_to_have_count(1)
    return picker


async def until_played_on(phone: Phone, speaker: str) -> None:
    async def probe() -> bool:
        return bool(await phone.page.evaluate(PLAYING_ON) == [speaker])

    await phone.until(f"the call is heard on {speaker} alone", probe)


async def test_the_chosen_speaker_is_used_at_once_and_remembered(customer: Customer, open_phone: OpenPhone) -> None:
    phone = await open_phone(customer, head=RECORD_SPEAKERS)
    await in_call(phone)
    picker = await speakers(phone)
    wanted = await picker.get_by_role("option").last.get_attribute("value")
    assert wanted
    await picker.select_option(wanted)
    await until_played_on(phone, wanted)

    async def remembered() -> str | None:
        stored: str | None = await phone.page.evaluate(REMEMBERED)
        return stored

    # Kept once the SDK has agreed as well, which is after the browser did.
    assert json.loads(await phone.until("the choice is remembered", remembered)) == {"speaker": wanted}
    await phone.hangup()
    await phone.until_event("callEnded")

    await phone.page.reload()
    await in_call(phone)
    await until_played_on(phone, wanted)


async def test_a_speaker_that_is_unplugged_in_a_call_is_reported_and_removed_from_the_list(
    customer: Customer, open_phone: OpenPhone
) -> None:
    phone = await open_phone(customer, head=RECORD_SPEAKERS + CAN_UNPLUG)
    await in_call(phone)
    picker = await speakers(phone)
    wanted = await picker.get_by_role("option").last.get_attribute("value")
    assert wanted
    await picker.select_option(wanted)
    await until_played_on(phone, wanted)
    before = await picker.get_by_role("option").count()
    await phone.page.evaluate(UNPLUG, wanted)
    await expect(picker.get_by_role("option")).to_have_count(before - 1)
    await expect(picker.locator(f'option[value="{wanted}"]')).to_have_count(0)
    words = "The speaker was unplugged. Another one is used now."
    await expect(phone.panel.get_by_role("status").filter(has_text=words).first).to_be_attached()
    assert await phone.state() == "in-progress"
    await phone.panel.get_by_role("button", name="Back").click()
    await expect(phone.panel.locator(".call-note")).to_have_text(words)
    await phone.panel.get_by_role("button", name="Hang up").click()
    assert (await phone.until_event("callEnded"))["status"] == "completed"
