"""Debug mode: logs to the console without numbers and tokens."""

import asyncio
import re

import pytest
from playwright.async_api import BrowserContext, ConsoleMessage, Route

from browser.conftest import OpenPhone
from support.browser.phone import Phone
from support.browser.pop_out import until_windows, window_of
from support.browser.product import BUSY, ECHO, Customer

pytestmark = pytest.mark.anyio

NUMBER = re.compile(r"\d{7}|555.?01\d\d")


def listen(phone: Phone) -> list[str]:
    """Everything that the phone's page says in its console from now on."""
    said: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        said.append(message.text)

    phone.page.on("console", heard)
    return said


async def until_said(phone: Phone, said: list[str], *words: str) -> None:
    async def probe() -> bool:
        return any(all(word in line for word in words) for line in said)

    await phone.until(f"{words} in {said}", probe)


def assert_discreet(said: list[str], customer: Customer) -> None:
    """No token, no access token, no number, no value of the metadata; ids of calls and times are no secrets."""
    log = "\n".join(said)
    assert customer.token.raw not in log
    assert customer.token.raw[4:12] not in log
    assert "eyJ" not in log
    assert "Mrs Example" not in log
    assert NUMBER.findall(re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "", log)) == []


async def test_a_day_with_the_phone_is_told_without_a_secret(open_phone: OpenPhone, customer: Customer) -> None:
    phone = await open_phone(customer)
    await phone.until_event("ready")
    said = listen(phone)
    # Gone before it can look at what is remembered: only the next page's phone is to speak.
    await phone.page.evaluate("() => { EpochPhone.destroy(); localStorage.epochphone = '{\"debug\":true}'; }")
    await phone.page.reload()
    await until_said(phone, said, "debug mode", "service:", "microphone: not forbidden")
    await until_said(phone, said, "earlier request /widget/exchange in", "ms")
    await phone.until_event("ready")
    await phone.call(ECHO, {"metadata": {"lead": "Mrs Example", "phone": "+12125550199"}})
    await until_said(phone, said, "state dialing → ringing", "ms after the dial")
    await until_said(phone, said, "answered", "ms after the dial")
    await phone.page.evaluate("() => { EpochPhone.mute(); EpochPhone.sendDtmf('5'); }")
    await phone.hangup()
    await until_said(phone, said, "ended completed after")
    await until_said(phone, said, "metadata keys: 2")
    assert (await phone.call("12")).begun is False
    await until_said(phone, said, "error invalid_number")
    await phone.call(BUSY)
    await until_said(phone, said, "ended busy")
    await customer.revoke()
    await phone.page.evaluate("() => window.dispatchEvent(new Event('focus'))")
    await until_said(phone, said, "POST /widget/status: 200 in")
    await phone.page.evaluate("() => EpochPhone.test()")
    await until_said(phone, said, "POST /widget/exchange: 401 in")
    await until_said(phone, said, "error revoked_embed_token: Invalid or revoked token")
    await until_said(phone, said, "advice about revoked_embed_token")
    await phone.page.evaluate("() => EpochPhone.destroy()")
    await until_said(phone, said, "debug mode ends")
    assert_discreet(said, customer)


async def test_a_call_that_was_faster_than_debug_mode_is_told(open_phone: OpenPhone, customer: Customer) -> None:
    answered = asyncio.Event()

    async def hold(route: Route) -> None:
        await answered.wait()
        await route.continue_()

    async def late(context: BrowserContext) -> None:
        await context.route(re.compile("/widget/debug-"), hold)

    phone = await open_phone(customer, attributes='data-debug="on"', prepare=late)
    said = listen(phone)
    await phone.until_event("ready")
    begun = await phone.call(ECHO, {"metadata": {"lead": "Mrs Example"}})
    await phone.until_event("callAnswered")
    assert said == []
    answered.set()
    await until_said(phone, said, "debug mode. state: in-progress")
    await until_said(phone, said, f"call {begun.call_id} begins, metadata keys: 1")
    await phone.hangup()
    await until_said(phone, said, "ended completed after")
    assert_discreet(said, customer)


async def test_the_window_explains_itself_too(open_phone: OpenPhone, customer: Customer) -> None:
    phone = await open_phone(customer, attributes='data-debug="on" data-pop-out="on"')
    said = listen(phone)
    await phone.until_event("ready")
    await until_windows(phone)
    await phone.call(ECHO)
    window = await window_of(phone)
    there = listen(window)
    await phone.until_event("callAnswered")
    await until_said(phone, said, "the call is in the pop-out")
    await phone.hangup()
    await until_said(window, there, "ended completed after")
    await until_said(phone, said, "ended completed after")
    assert_discreet([*said, *there], customer)


async def test_without_it_the_console_stays_empty(open_phone: OpenPhone, customer: Customer) -> None:
    phone = await open_phone(customer)
    said = listen(phone)
    await phone.until_event("ready")
    await phone.call(ECHO)
    await phone.until_event("callAnswered")
    await phone.hangup()
    await phone.until_event("callEnded")
    assert said == []
    assert not any("/widget/debug-" in url for url in phone.requests)
