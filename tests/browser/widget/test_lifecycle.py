"""Changes while the phone runs: a revoked token, a lowered plan, offline and online, a carrier that does not answer."""

import pytest
from playwright.async_api import BrowserContext, WebSocketRoute

from browser.conftest import OpenPhone
from support.browser.phone import Phone
from support.browser.product import ECHO, Customer
from tenants.plans import Plan

pytestmark = pytest.mark.anyio

FOCUS = "() => window.dispatchEvent(new Event('focus'))"
REVOKED = "Invalid or revoked token"
LOWERED = "Organization plan does not support widgets"


async def with_clock(context: BrowserContext) -> None:
    """Replace the page's clock by one that the test moves."""
    await context.clock.install()


async def phone_after_a_call(customer: Customer, open_phone: OpenPhone) -> Phone:
    """A phone that has made a call, so that its Device and its socket to the carrier exist."""
    phone = await open_phone(customer, prepare=with_clock)
    await phone.until_event("ready")
    begun = await phone.call(ECHO)
    await phone.until_event("callAnswered")
    await phone.hangup()
    await phone.record(begun.call_id)
    return phone


async def assert_refused(phone: Phone, message: str) -> None:
    error = await phone.until_event("error")
    assert error["message"] == message
    assert await phone.state() == "error"
    await phone.panel.get_by_role("alert").get_by_text(message, exact=True).wait_for()
    assert (await phone.call(ECHO)).is_started is False


async def test_a_revoked_token_is_noticed_on_focus_and_the_connection_closed(
    customer: Customer, open_phone: OpenPhone
) -> None:
    phone = await phone_after_a_call(customer, open_phone)
    await customer.revoke()
    await phone.page.clock.fast_forward(5_000)
    await phone.page.evaluate(FOCUS)
    await assert_refused(phone, REVOKED)

    async def is_hung_up() -> bool:
        return bool(await phone.page.evaluate("() => window[Symbol.for('epoch.watch')].openSockets() === 0"))

    await phone.until("no socket to the carrier", is_hung_up)


async def test_a_lowered_plan_is_noticed_after_five_minutes_in_a_visible_page(
    customer: Customer, open_phone: OpenPhone
) -> None:
    phone = await phone_after_a_call(customer, open_phone)
    await customer.change_plan(Plan.STARTER)
    await phone.page.clock.run_for(300_000)
    await assert_refused(phone, LOWERED)


@pytest.mark.every_browser
async def test_a_phone_that_goes_offline_says_so_and_works_again_when_online(
    customer: Customer, open_phone: OpenPhone
) -> None:
    phone = await open_phone(customer)
    await phone.until_event("ready")
    await phone.panel.get_by_role("button", name="Open phone").click()
    await phone.page.context.set_offline(True)
    await phone.panel.get_by_text("You are offline", exact=True).wait_for()
    refused = await phone.call(ECHO)
    assert refused.is_started
    ended = await phone.until_event("callEnded")
    assert (ended["status"], ended["message"]) == ("failed", "You are offline")
    await phone.page.context.set_offline(False)
    await phone.panel.get_by_text("You are offline", exact=True).wait_for(state="hidden")
    assert (await phone.call(ECHO)).is_started
    answered = await phone.until_event("callAnswered")
    await phone.hangup()
    assert (await phone.record(answered["callId"]))["status"] == "completed"


async def test_a_page_opened_offline_is_ready_as_soon_as_it_is_online(
    customer: Customer, open_phone: OpenPhone
) -> None:
    phone = await open_phone(customer, token="ept_waits", attributes='data-hidden="true"')
    await phone.until_event("error")
    await phone.page.context.set_offline(True)
    await phone.page.evaluate("(token) => EpochPhone.init({ token })", customer.token.raw)
    error = await phone.until_event("error", 2)
    assert (error["code"], error["message"]) == ("offline", "You are offline")
    await phone.page.context.set_offline(False)
    await phone.until_event("ready")


async def test_a_carrier_that_never_answers_ends_the_call_with_an_error(
    customer: Customer, open_phone: OpenPhone
) -> None:
    async def silence(context: BrowserContext) -> None:
        await with_clock(context)

        async def swallow(socket: WebSocketRoute) -> None:
            socket.on_message(lambda _: None)

        await context.route_web_socket(lambda url: "/signal" in url, swallow)

    phone = await open_phone(customer, prepare=silence)
    await phone.until_event("ready")
    await phone.call(ECHO)

    async def is_waiting() -> bool:
        return any("/widget/sdk-" in url for url in phone.requests)

    await phone.until("the SDK is there", is_waiting)

    async def is_over() -> bool:
        await phone.page.clock.run_for(1_000)
        return bool(await phone.details("callEnded"))

    await phone.until("the phone gave up", is_over)
    (ended,) = await phone.details("callEnded")
    assert (ended["status"], ended["message"]) == ("failed", "The call could not be connected")
    assert await phone.state() == "failed"
    assert await phone.live_tracks() == 0
