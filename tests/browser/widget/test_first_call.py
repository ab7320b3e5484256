"""Calls from a page of another origin, from the embed token to the record; second calls, and refused numbers."""

import time
from datetime import datetime

import pytest

from browser.conftest import OpenPhone
from support.browser.product import ECHO, Customer

pytestmark = pytest.mark.anyio
TWO_SECONDS = 110
"""The number of audio packets of 20 ms in two seconds, and a margin."""


@pytest.mark.every_browser
async def test_a_page_of_another_origin_makes_a_call_with_sound_both_ways(
    customer: Customer, open_phone: OpenPhone
) -> None:
    phone = await open_phone(customer)
    await phone.until_event("ready")
    assert await phone.state() == "ready"

    before_call = time.monotonic()
    begun = await phone.call("(212) 555-0101", {"metadata": {"contact": "c-17"}})
    assert begun.is_started is True
    assert [(event["name"], event["state"]) for event in begun.events if event["name"] != "open"] == [
        ("stateChanged", "dialing"),
        ("callStarted", "dialing"),
    ]
    started = next(event["detail"] for event in begun.events if event["name"] == "callStarted")
    assert (started["number"], started["direction"], started["from"], started["metadata"]) == (
        ECHO,
        "outbound",
        customer.tenant.number,
        {"contact": "c-17"},
    )
    call_id = begun.call_id
    answered = await phone.until_event("callAnswered")
    assert answered["callId"] == call_id
    assert await phone.states() == ["ready", "dialing", "ringing", "in-progress"]

    before, after = await phone.hear(call_id, packets=TWO_SECONDS)
    assert after.browser["heard"] > before.browser["heard"]
    assert after.far_end["energy_in"] > before.far_end["energy_in"]
    assert after.far_end["energy_out"] > before.far_end["energy_out"]

    for digit in "159*0#":
        await phone.page.evaluate("digit => EpochPhone.sendDtmf(digit)", digit)
    await phone.until_digits(call_id, "159*0#")

    await phone.hangup()
    ended = (await phone.details("callEnded"))[0]
    assert await phone.state() == "completed"
    assert ended["metadata"] == {"contact": "c-17"}
    record = await phone.assert_agrees(call_id, ECHO, "completed")
    assert record["from"] == customer.tenant.number
    assert record["origin"] == phone.page.url.rpartition("/")[0]
    assert record["metadata"] == {"contact": "c-17"}
    assert record["token_id"] == str(customer.token.id)
    connected = datetime.fromisoformat(record["ended_at"]) - datetime.fromisoformat(record["answered_at"])
    assert abs(connected.total_seconds() - record["duration"]) <= 1
    # Both sides heard two seconds of audio, and were connected only after the test began to call.
    longest = time.monotonic() - before_call + 1
    assert 2 <= ended["duration"] <= longest
    assert 2 <= record["duration"] <= longest
    assert phone.console == []


async def test_the_same_page_calls_again_and_again(customer: Customer, open_phone: OpenPhone) -> None:
    phone = await open_phone(customer)
    await phone.until_event("ready")
    call_ids = []
    for count in (1, 2, 3):
        begun = await phone.call(ECHO)
        call_ids.append(begun.call_id)
        await phone.until_event("callAnswered", count)
        await phone.hangup()
    assert [detail["callId"] for detail in await phone.details("callEnded")] == call_ids
    assert len(await phone.details("ready")) == 1
    for call_id in call_ids:
        assert (await phone.record(call_id))["status"] == "completed"


async def test_a_second_call_during_a_call_is_ignored(customer: Customer, open_phone: OpenPhone) -> None:
    phone = await open_phone(customer)
    await phone.until_event("ready")
    first = await phone.call(ECHO)
    second = await phone.call("+12125550199")
    assert (second.is_started, second.events) == (False, [])
    await phone.until_event("callAnswered")
    await phone.hangup()
    await phone.assert_agrees(first.call_id, ECHO, "completed")


@pytest.mark.parametrize(
    ("number", "message"),
    [("not a number", "Invalid phone number"), ("911", "Emergency numbers cannot be called")],
)
@pytest.mark.every_browser
async def test_a_number_that_cannot_be_dialled_emits_an_error_and_never_rings(
    customer: Customer, open_phone: OpenPhone, number: str, message: str
) -> None:
    phone = await open_phone(customer)
    await phone.until_event("ready")
    begun = await phone.call(number)
    assert begun.is_started is False
    assert [(event["name"], event["detail"]["message"]) for event in begun.events] == [("error", message)]
    assert await phone.state() == "ready"
    assert await phone.records() == []
