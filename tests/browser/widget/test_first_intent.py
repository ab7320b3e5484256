"""The first sign that a person will call connects the phone and opens audio without the microphone; nothing earlier."""

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import BrowserContext, Locator

from browser.conftest import OpenPhone
from support.browser.phone import Phone
from support.browser.product import ECHO, Customer

pytestmark = pytest.mark.anyio

COUNT_CONTEXTS = """{
    const contexts = (window[Symbol.for("epoch.contexts")] = { count: 0 });
    window.AudioContext = new Proxy(window.AudioContext, {
        construct(target, args, newTarget) {
            contexts.count += 1;
            return Reflect.construct(target, args, newTarget);
        },
    });
}"""
CONNECTIONS = """() => {
    const { openSockets, tracks } = window[Symbol.for("epoch.watch")];
    return { sockets: openSockets(), contexts: window[Symbol.for("epoch.contexts")].count, tracks: tracks() };
}"""
LOADED = """() => ["/widget/sdk-", "/widget/panel-"].every((file) =>
    performance.getEntriesByType("resource").some(({ name, responseEnd }) => name.includes(file) && responseEnd))"""
NUMBER = f'<p>Call <span id="number" data-phone="{ECHO}">Ada</span></p>'
NOTHING = {"sockets": 0, "contexts": 0, "tracks": 0}
CONNECTED = {"sockets": 1, "contexts": 1, "tracks": 0}


async def count_contexts(context: BrowserContext) -> None:
    await context.add_init_script(COUNT_CONTEXTS)


async def press(phone: Phone, locator: Locator) -> None:
    """Press the mouse button on ``locator`` without releasing it."""
    await locator.hover()
    await phone.page.wait_for_function(LOADED)
    assert await phone.page.evaluate(CONNECTIONS) == NOTHING
    await phone.page.mouse.down()


async def press_the_number(phone: Phone) -> None:
    await press(phone, phone.page.locator("#number[role=button]"))


async def press_the_button(phone: Phone) -> None:
    await press(phone, phone.panel.get_by_role("button", name="Open phone"))


async def open_the_dialer(phone: Phone) -> None:
    await phone.page.evaluate("() => EpochPhone.open()")


@pytest.mark.parametrize("intend", [press_the_number, press_the_button, open_the_dialer])
async def test_the_first_intent_connects_and_nothing_before_it(
    customer: Customer, open_phone: OpenPhone, intend: Callable[[Phone], Awaitable[None]]
) -> None:
    phone = await open_phone(customer, attributes='data-click-to-call="on"', body=NUMBER, prepare=count_contexts)
    await phone.until_event("ready")
    await phone.page.wait_for_function(LOADED)
    assert await phone.page.evaluate(CONNECTIONS) == NOTHING
    await intend(phone)

    async def is_connected() -> bool:
        return bool(await phone.page.evaluate(CONNECTIONS) == CONNECTED)

    await phone.until("a connection and no microphone", is_connected)
    assert await phone.state() == "ready"
    begun = await phone.call(ECHO)
    await phone.until_event("callAnswered")
    await phone.hear(begun.call_id)
    await phone.hangup()
    connections = await phone.page.evaluate(CONNECTIONS)
    # The ringback tone has another audio context, so contexts are not counted here.
    assert (connections["sockets"], connections["tracks"]) == (1, 1)
    assert (await phone.details("error"), phone.console) == ([], [])
