"""Calls while the sandbox carrier behaves as the real one was reported to: events and records stay right.

The widget must show within 3 s why a call was refused. The tests log the time from the carrier's message to the
sentence (``--log-cli-level=INFO`` shows it), by the page's clock. They assert only half of the SDK's own 30 s, because
a busy machine may need longer than 3 s. ``frontend/phone/core.test.js`` asserts the 3 s with fake timers.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import pytest
from playwright.async_api import expect

from browser.conftest import OpenPhone, SetSwitches
from support.browser.phone import PATIENCE, Phone
from support.browser.product import BUSY, ECHO, HANGS_UP, TONES, Customer, Product
from support.local_http import local_client

pytestmark = pytest.mark.anyio
NOT_ENABLED = "+33199000000"
"""A number in a country that new organizations have not enabled."""
HALF_OF_SDK_TIMEOUT_SECONDS = 15.0
"""Half of the 30 s after which the SDK itself ends the call."""
WATCH_FOR = '(text) => { window[Symbol.for("epoch.watch")].seen = window[Symbol.for("epoch.watch")].shownAt(text); }'
SEEN_AT = '() => window[Symbol.for("epoch.watch")].seen'
FRAMES = '() => window[Symbol.for("epoch.watch")].frames'
log = logging.getLogger(__name__)


class Refused(NamedTuple):
    """A call that the carrier refused, as the page received it."""

    call_id: str
    ended: dict[str, Any]
    """The detail of ``callEnded``."""


@pytest.fixture
async def missing_documents(product: Product) -> AsyncIterator[None]:
    """The carrier requests the document of each call at a URL that does not exist."""
    account = product.settings.twilio
    path = f"/2010-04-01/Accounts/{account.account_sid}/Applications/{account.twiml_app_sid}.json"
    credentials = (account.account_sid, account.auth_token)
    async with local_client(base_url=product.carrier, auth=credentials) as client:
        original_url = (await client.get(path)).raise_for_status().json()["voice_url"]
        (await client.post(path, data={"VoiceUrl": f"{product.url}/voice/nowhere"})).raise_for_status()
        yield
        (await client.post(path, data={"VoiceUrl": original_url})).raise_for_status()


@pytest.fixture
async def phone(customer: Customer, open_phone: OpenPhone) -> Phone:
    opened = await open_phone(customer)
    await opened.until_event("ready")
    return opened


async def call_refused(phone: Phone, number: str, sentence: str, *, by: str = "hangup") -> Refused:
    """Call ``number``, which the carrier refuses by a message of type ``by``; wait for ``sentence``, log its delay."""
    count = len(await phone.events("callEnded"))
    await phone.page.evaluate(WATCH_FOR, sentence)
    begun = await phone.call(number)
    ended = await phone.until_event("callEnded", count + 1)
    async with asyncio.timeout(PATIENCE):
        shown_at = await phone.page.evaluate(SEEN_AT)
    refused_at = max(frame["at"] for frame in await phone.page.evaluate(FRAMES) if frame["type"] == by)
    seconds = (shown_at - refused_at) / 1000
    log.info("%.2f s from the refusal to: %s", seconds, sentence)
    assert seconds < HALF_OF_SDK_TIMEOUT_SECONDS
    assert "connection_failed" not in {error["code"] for error in await phone.details("error")}
    return Refused(begun.call_id, ended)


async def test_a_refusal_whose_end_the_sdk_ignores_is_read_from_the_record(
    phone: Phone, set_switches: SetSwitches
) -> None:
    await set_switches(hangup_sid="parent")
    refused = await call_refused(phone, NOT_ENABLED, "This destination is not allowed")
    assert (refused.ended["status"], refused.ended["message"]) == ("refused", "This destination is not allowed")
    await phone.panel.get_by_role("alert").get_by_text("This destination is not allowed").wait_for()
    await phone.assert_agrees(refused.call_id, NOT_ENABLED, "refused")


async def test_a_busy_line_whose_end_the_sdk_ignores_is_read_from_the_record(
    phone: Phone, set_switches: SetSwitches
) -> None:
    await set_switches(hangup_sid="parent")
    refused = await call_refused(phone, BUSY, "The line is busy")
    assert refused.ended["status"] == "busy"
    assert await phone.details("error") == []
    await phone.assert_agrees(refused.call_id, BUSY, "busy")


async def test_a_dial_that_makes_no_leg_fails_with_the_carriers_reason(phone: Phone, set_switches: SetSwitches) -> None:
    """Geographic permission, caller ID, invalid number, trial account."""
    contact, check = "Ask an admin to contact support.", "Check the number, then try again."
    causes = {
        ECHO: (13227, "The carrier does not allow calls to this country yet", contact),
        TONES: (13214, "The carrier does not accept the organization's phone number as caller ID", contact),
        HANGS_UP: (13224, "The carrier cannot call this number", check),
        BUSY: (21219, "The carrier cannot call this number yet", contact),
    }
    await set_switches(no_child={number: code for number, (code, *_) in causes.items()})
    for number, (code, sentence, advice) in causes.items():
        refused = await call_refused(phone, number, sentence)
        assert (refused.ended["status"], refused.ended["message"], refused.ended["help"]) == (
            "failed",
            sentence,
            advice,
        )
        error = (await phone.details("error"))[-1]
        assert (error["message"], error["help"]) == (sentence, advice)
        await expect(phone.panel.get_by_role("alert")).to_contain_text(advice)
        await phone.panel.get_by_role("button", name="New call").wait_for()
        record = await phone.record(refused.call_id)
        assert (record["to"], record["status"], record["carrier_error"]) == (number, "failed", code)


async def test_a_document_that_the_carrier_cannot_read_is_not_reported_as_busy(
    phone: Phone, set_switches: SetSwitches, missing_documents: None
) -> None:
    await set_switches(webhook_failure=31603)
    refused = await call_refused(phone, ECHO, "The call failed")
    assert refused.ended["status"] == "failed"
    assert await phone.records() == []


async def test_a_recorded_error_message_is_not_an_answered_call(
    phone: Phone, set_switches: SetSwitches, missing_documents: None
) -> None:
    await set_switches(recorded_error=True)
    refused = await call_refused(phone, ECHO, "Service temporarily unavailable", by="answer")
    assert (refused.ended["status"], await phone.state()) == ("failed", "failed")
    assert await phone.records() == []


@pytest.mark.parametrize(
    ("code", "status", "sentence"),
    [
        pytest.param(31206, "failed", "Too many requests", id="a code of the SDK"),
        pytest.param(31208, "failed", "The call could not be connected", id="a code that the SDK does not know"),
        pytest.param(31480, "no-answer", "No answer", id="a code of the called party"),
        pytest.param(31204, "failed", "Service temporarily unavailable", id="a token refused twice"),
    ],
)
async def test_an_error_of_the_gateway_before_the_answer_ends_the_call_at_once(
    phone: Phone, set_switches: SetSwitches, code: int, status: str, sentence: str
) -> None:
    await set_switches(gateway_error=code)
    begun = await phone.call(ECHO)
    ended = await phone.until_event("callEnded")
    assert (ended["status"], ended.get("message", sentence)) == (status, sentence)
    assert [frame["type"] for frame in await phone.page.evaluate(FRAMES)][-1] == "error"
    await phone.panel.get_by_role("alert").get_by_text(sentence).wait_for()
    times = {event["name"]: event["at"] for event in await phone.events("callStarted", "callEnded")}
    assert times["callEnded"] - times["callStarted"] < 1000 * HALF_OF_SDK_TIMEOUT_SECONDS
    assert begun.is_started
    assert await phone.records() == []


async def test_an_end_reported_after_the_dials_result_gives_the_same_record(
    phone: Phone, set_switches: SetSwitches
) -> None:
    await set_switches(action_first=True)
    begun = await phone.call(HANGS_UP)
    assert (await phone.until_event("callEnded"))["status"] == "completed"
    record = await phone.assert_agrees(begun.call_id, HANGS_UP, "completed")
    assert record["answered_at"]


async def test_a_busy_line_reported_after_the_dials_result_is_busy(phone: Phone, set_switches: SetSwitches) -> None:
    await set_switches(action_first=True)
    refused = await call_refused(phone, BUSY, "The line is busy")
    assert refused.ended["status"] == "busy"
    await phone.assert_agrees(refused.call_id, BUSY, "busy")


async def test_a_busy_line_that_is_reported_late_is_busy_at_once_and_in_the_record(
    phone: Phone, set_switches: SetSwitches
) -> None:
    """The record is still open when the widget requests it: the carrier's code decides what the page shows."""
    await set_switches(report_delay_seconds=5)
    refused = await call_refused(phone, BUSY, "The line is busy")
    assert refused.ended["status"] == "busy"
    assert await phone.details("error") == []
    await phone.assert_agrees(refused.call_id, BUSY, "busy")


async def test_a_call_that_the_carrier_ends_late_is_ended_after_a_revocation(
    phone: Phone, customer: Customer, set_switches: SetSwitches
) -> None:
    await set_switches(update_answers_in_progress=True)
    begun = await phone.call(ECHO)
    await phone.until_event("callAnswered")
    await customer.revoke()
    await phone.until_event("callEnded")
    assert (await phone.record(begun.call_id))["status"] == "completed"
