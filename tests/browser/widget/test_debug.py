"""The phone's debug mode logs requests, calls and errors to the browser's console, without numbers and tokens."""

import asyncio
import re

import pytest
from playwright.async_api import BrowserContext, ConsoleMessage, Route

from browser.conftest import OpenPhone
from support.browser.phone import Phone
from support.browser.pop_out import until_pop_out_loaded, window_of
from support.browser.product import BUSY, ECHO, Customer

pytestmark = pytest.mark.anyio

NUMBER = re.compile(r"\d{7}|555.?01\d\d")


def record_console(phone: Phone) -> list[str]:
    """The list to which all further console messages of the phone's page are added."""
    lines: list[str] = []

    def add(message: ConsoleMessage) -> None:
        lines.append(message.text)

    phone.page.on("console", add)
    return lines


async def until_logged(phone: Phone, lines: list[str], *parts: str) -> None:
    async def probe() -> bool:
        return any(all(part in line for part in parts) for line in lines)

    await phone.until(f"{parts} in {lines}", probe)


def assert_no_secrets(lines: list[str], customer: Customer) -> None:
    """Assert that no token, access token, number or metadata value was logged; call ids and times may be logged."""
    log = "\n".join(lines)
    assert customer.token.raw not in log
    assert customer.token.raw[4:12] not in log
    assert "eyJ" not in log
    assert "Mrs Example" not in log
    assert NUMBER.findall(re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "", log)) == []


async def test_debug_mode_logs_requests_calls_and_errors_without_secrets(
    open_phone: OpenPhone, customer: Customer
) -> None:
    phone = await open_phone(customer)
    await phone.until_event("ready")
    lines = record_console(phone)
    # Destroyed before the setting is stored, so that only the phone of the next page logs.
    await phone.page.evaluate("() => { EpochPhone.destroy(); localStorage.epochphone = '{\"debug\":true}'; }")
    await phone.page.reload()
    await until_logged(phone, lines, "debug mode", "service:", "microphone: not forbidden")
    await until_logged(phone, lines, "earlier request /widget/exchange in", "ms")
    await phone.until_event("ready")
    await phone.call(ECHO, {"metadata": {"lead": "Mrs Example", "phone": "+12125550199"}})
    await until_logged(phone, lines, "state dialing → ringing", "ms after the dial")
    await until_logged(phone, lines, "answered", "ms after the dial")
    await phone.page.evaluate("() => { EpochPhone.mute(); EpochPhone.sendDtmf('5'); }")
    await phone.hangup()
    await until_logged(phone, lines, "ended completed after")
    await until_logged(phone, lines, "metadata keys: 2")
    assert (await phone.call("12")).is_started is False
    await until_logged(phone, lines, "error invalid_number")
    await phone.call(BUSY)
    await until_logged(phone, lines, "ended busy")
    await customer.revoke()
    await phone.page.evaluate("() => window.dispatchEvent(new Event('focus'))")
    await until_logged(phone, lines, "POST /widget/status: 200 in")
    await phone.page.evaluate("() => EpochPhone.test()")
    await until_logged(phone, lines, "POST /widget/exchange: 401 in")
    await until_logged(phone, lines, "error revoked_embed_token: Invalid or revoked token")
    await until_logged(phone, lines, "advice about revoked_embed_token")
    await phone.page.evaluate("() => EpochPhone.destroy()")
    await until_logged(phone, lines, "debug mode ends")
    assert_no_secrets(lines, customer)


async def test_a_call_that_begins_before_debug_mode_is_loaded_is_logged(
    open_phone: OpenPhone, customer: Customer
) -> None:
    answered = asyncio.Event()

    async def hold(route: Route) -> None:
        await answered.wait()
        await route.continue_()

    async def late(context: BrowserContext) -> None:
        await context.route(re.compile("/widget/debug-"), hold)

    phone = await open_phone(customer, attributes='data-debug="on"', prepare=late)
    lines = record_console(phone)
    await phone.until_event("ready")
    begun = await phone.call(ECHO, {"metadata": {"lead": "Mrs Example"}})
    await phone.until_event("callAnswered")
    assert lines == []
    answered.set()
    await until_logged(phone, lines, "debug mode. state: in-progress")
    await until_logged(phone, lines, f"call {begun.call_id} begins, metadata keys: 1")
    await phone.hangup()
    await until_logged(phone, lines, "ended completed after")
    assert_no_secrets(lines, customer)


async def test_the_pop_out_logs_too(open_phone: OpenPhone, customer: Customer) -> None:
    phone = await open_phone(customer, attributes='data-debug="on" data-pop-out="on"')
    lines = record_console(phone)
    await phone.until_event("ready")
    await until_pop_out_loaded(phone)
    await phone.call(ECHO)
    window = await window_of(phone)
    window_lines = record_console(window)
    await phone.until_event("callAnswered")
    await until_logged(phone, lines, "the call is in the pop-out")
    await phone.hangup()
    await until_logged(window, window_lines, "ended completed after")
    await until_logged(phone, lines, "ended completed after")
    assert_no_secrets([*lines, *window_lines], customer)


async def test_without_debug_mode_the_console_stays_empty(open_phone: OpenPhone, customer: Customer) -> None:
    phone = await open_phone(customer)
    lines = record_console(phone)
    await phone.until_event("ready")
    await phone.call(ECHO)
    await phone.until_event("callAnswered")
    await phone.hangup()
    await phone.until_event("callEnded")
    assert lines == []
    assert not any("/widget/debug-" in url for url in phone.requests)
