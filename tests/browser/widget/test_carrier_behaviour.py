"""Calls while the sandbox carrier behaves as the real one was reported to: events and records stay right."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from browser.conftest import OpenPhone
from support.browser.phone import Phone
from support.browser.product import BUSY, ECHO, HANGS_UP, Customer, Product

pytestmark = pytest.mark.anyio
NOT_ENABLED = "+33199000000"
"""A number in a country that new organizations have not enabled."""
SetSwitches = Callable[..., Awaitable[None]]


@pytest.fixture
async def set_switches(product: Product) -> AsyncIterator[SetSwitches]:
    """Sets the sandbox's switches until the end of the test."""
    async with httpx.AsyncClient(base_url=product.carrier) as client:

        async def put(**switches: Any) -> None:
            (await client.put("/sandbox/switches", json=switches)).raise_for_status()

        yield put
        (await client.delete("/sandbox/switches")).raise_for_status()


@pytest.fixture
async def phone(customer: Customer, open_phone: OpenPhone) -> Phone:
    opened = await open_phone(customer)
    await opened.until_event("ready")
    return opened


async def test_a_refusal_whose_end_the_sdk_ignores_is_read_from_the_record(
    phone: Phone, set_switches: SetSwitches
) -> None:
    await set_switches(hangup_sid="parent")
    begun = await phone.call(NOT_ENABLED)
    ended = await phone.until_event("callEnded")
    assert (ended["status"], ended["message"]) == ("refused", "This destination is not allowed")
    await phone.panel.get_by_role("alert").get_by_text("This destination is not allowed").wait_for()
    await phone.assert_agrees(begun.call_id, NOT_ENABLED, "refused")


async def test_a_busy_line_whose_end_the_sdk_ignores_is_read_from_the_record(
    phone: Phone, set_switches: SetSwitches
) -> None:
    await set_switches(hangup_sid="parent")
    begun = await phone.call(BUSY)
    assert (await phone.until_event("callEnded"))["status"] == "busy"
    assert await phone.details("error") == []
    await phone.assert_agrees(begun.call_id, BUSY, "busy")


async def test_a_dial_that_makes_no_leg_fails_with_the_carriers_reason(phone: Phone, set_switches: SetSwitches) -> None:
    await set_switches(no_child=[ECHO])
    begun = await phone.call(ECHO)
    ended = await phone.until_event("callEnded")
    assert ended["status"] == "failed"
    assert ended["message"].startswith("The carrier does not allow calls to this country yet.")
    assert [error["message"] for error in await phone.details("error")] == [ended["message"]]
    record = await phone.assert_agrees(begun.call_id, ECHO, "failed")
    assert record["carrier_error"] == 13227


async def test_an_end_reported_after_the_dials_result_gives_the_same_record(
    phone: Phone, set_switches: SetSwitches
) -> None:
    await set_switches(action_first=True)
    begun = await phone.call(HANGS_UP)
    assert (await phone.until_event("callEnded"))["status"] == "completed"
    record = await phone.assert_agrees(begun.call_id, HANGS_UP, "completed")
    assert record["answered_at"]


async def test_a_call_that_the_carrier_ends_late_is_ended_after_a_revocation(
    phone: Phone, customer: Customer, set_switches: SetSwitches
) -> None:
    await set_switches(update_answers_in_progress=True)
    begun = await phone.call(ECHO)
    await phone.until_event("callAnswered")
    await customer.revoke()
    await phone.until_event("callEnded")
    assert (await phone.record(begun.call_id))["status"] == "completed"
