"""Each way in which a call of the widget ends: one ``callEnded`` event, and a record that agrees with it."""

import pytest

from browser.conftest import OpenPhone
from support.browser.phone import Phone
from support.browser.product import (
    BUSY,
    ECHO,
    FAILS,
    HANGS_UP,
    NEVER_ANSWERS,
    TONES,
    Customer,
)

pytestmark = pytest.mark.anyio

# Drops the carrier's messages that it rings, so that the phone stays in `dialing` while the far end rings.
IGNORE_RINGING = """<script>
    const listen = WebSocket.prototype.addEventListener;
    WebSocket.prototype.addEventListener = function (type, listener) {
        const rings = ({ data }) => JSON.parse(data.trim() || "{}").type === "ringing";
        listen.call(this, type, type === "message" ? (event) => rings(event) || listener(event) : listener);
    };
</script>"""
# Hangs up as soon as the page has sent the invitation to the call: no answer can have come.
HANG_UP_AFTER_INVITE = """<script>
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (message) {
        send.call(this, message);
        if (typeof message === "string" && JSON.parse(message.trim() || "{}").type === "invite") EpochPhone.hangup();
    };
</script>"""


@pytest.fixture
async def phone(customer: Customer, open_phone: OpenPhone) -> Phone:
    opened = await open_phone(customer)
    await opened.until_event("ready")
    return opened


@pytest.mark.every_browser
async def test_the_far_end_hangs_up(phone: Phone) -> None:
    begun = await phone.call(HANGS_UP)
    await phone.until_event("callAnswered")
    assert (await phone.until_event("callEnded"))["status"] == "completed"
    assert await phone.state() == "completed"
    assert await phone.details("error") == []
    await phone.assert_agrees(begun.call_id, HANGS_UP, "completed")


@pytest.mark.every_browser
async def test_the_far_end_sends_tones(phone: Phone) -> None:
    begun = await phone.call(TONES)
    await phone.until_event("callAnswered")
    before, after = await phone.hear(begun.call_id)
    assert after.browser["heard"] - before.browser["heard"] > 0.001
    await phone.hangup()
    await phone.assert_agrees(begun.call_id, TONES, "completed")


@pytest.mark.parametrize(
    ("number", "status", "sentence"),
    [(BUSY, "busy", "The line is busy"), (NEVER_ANSWERS, "no-answer", "No answer")],
    ids=["busy", "no answer"],
)
@pytest.mark.every_browser
async def test_an_unanswered_call_ends_without_an_error(phone: Phone, number: str, status: str, sentence: str) -> None:
    begun = await phone.call(number)
    ended = await phone.until_event("callEnded")
    assert ended["duration"] == 0
    assert await phone.state() == "failed"
    assert await phone.details("error") == []
    assert await phone.details("callAnswered") == []
    await phone.panel.get_by_text(sentence, exact=True).wait_for()
    assert (await phone.assert_agrees(begun.call_id, number, status))["duration"] == 0


@pytest.mark.every_browser
async def test_a_call_that_cannot_be_connected_emits_the_error_first(phone: Phone) -> None:
    begun = await phone.call(FAILS)
    await phone.until_event("callEnded")
    names = [event["name"] for event in await phone.events("error", "callEnded")]
    assert names == ["error", "callEnded"]
    error = (await phone.details("error"))[0]
    assert error["message"] == "The call failed"
    await phone.panel.get_by_role("alert").get_by_text(error["message"]).wait_for()
    assert await phone.state() == "failed"
    await phone.assert_agrees(begun.call_id, FAILS, "failed")


@pytest.mark.every_browser
async def test_the_agent_hangs_up_while_it_rings(phone: Phone) -> None:
    begun = await phone.call(NEVER_ANSWERS)
    await phone.until_state("ringing")
    await phone.hangup()
    assert await phone.state() == "completed"
    assert (await phone.details("callEnded"))[0]["duration"] == 0
    await phone.assert_agrees(begun.call_id, NEVER_ANSWERS, "canceled")


async def test_the_agent_hangs_up_while_the_call_is_dialled(customer: Customer, open_phone: OpenPhone) -> None:
    phone = await open_phone(customer, head=IGNORE_RINGING)
    await phone.until_event("ready")
    begun = await phone.call(NEVER_ANSWERS)

    async def rings_on_record() -> bool:
        return [row["status"] for row in await phone.records()] == ["ringing"]

    await phone.until("a ringing call record", rings_on_record)
    await phone.hangup()
    assert await phone.states() == ["ready", "dialing", "completed"]
    await phone.assert_agrees(begun.call_id, NEVER_ANSWERS, "canceled")


async def test_the_agent_hangs_up_right_after_the_invitation(customer: Customer, open_phone: OpenPhone) -> None:
    phone = await open_phone(customer, head=HANG_UP_AFTER_INVITE)
    await phone.until_event("ready")
    begun = await phone.call(ECHO)
    assert (await phone.until_event("callEnded"))["status"] == "canceled"

    async def is_over() -> bool:
        return (await phone.far_end(begun.call_id))["status"] in ("no-answer", "canceled")

    await phone.until("the carrier ended the call", is_over)

    # The carrier may have requested the call before, within milliseconds; if there is a record, it is closed.
    async def is_closed() -> bool:
        return {row["status"] for row in await phone.records()} <= {"canceled"}

    await phone.until("no record, or a canceled one", is_closed)
    assert len(await phone.details("callEnded")) == 1


async def test_a_call_hung_up_at_once_reaches_nobody(phone: Phone) -> None:
    """The carrier never gets the call, so there is no record."""
    await phone.page.evaluate("number => { EpochPhone.call(number); EpochPhone.hangup(); }", ECHO)
    hung_up = await phone.until_event("callEnded")
    assert hung_up["status"] == "canceled"
    later = await phone.call(ECHO)
    await phone.until_event("callAnswered")
    await phone.hangup()
    await phone.record(later.call_id)
    assert [row["call_id"] for row in await phone.records()] == [later.call_id]
    assert [detail["callId"] for detail in await phone.details("callEnded")] == [hung_up["callId"], later.call_id]


async def test_leaving_the_page_ends_the_call(phone: Phone) -> None:
    begun = await phone.call(ECHO)
    await phone.until_event("callAnswered")
    await phone.page.goto("about:blank")
    assert (await phone.record(begun.call_id))["status"] == "completed"
