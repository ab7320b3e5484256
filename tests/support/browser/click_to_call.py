"""Tests click-to-call on a page: waits until it is loaded, and asserts that actions call a number or call nobody."""

import asyncio
from collections.abc import Awaitable

from playwright.async_api import Locator

from support.browser.held_keys import PRESS_INTERVAL_SECONDS
from support.browser.phone import Phone

WATCH_CLICKS = """() => {
    window.seen = [];
    for (const type of ["click", "keydown"]) window.addEventListener(type, (event) => seen.push(event), true);
}"""


async def until_click_to_call_loaded(phone: Phone) -> None:
    """Wait for the chunk that listens for clicks: after it begins to listen, it gives elements with numbers a role."""
    await phone.until_event("ready")
    await phone.page.evaluate("() => document.body.append(Object.assign(document.createElement('i'), { id: 'probe' }))")
    await phone.page.evaluate("() => { document.getElementById('probe').dataset.phone = ''; }")
    await phone.page.locator("#probe[role=button]").wait_for(state="attached")
    await phone.page.evaluate("() => document.getElementById('probe').remove()")


class Clicks:
    """Makes the calls of a page one after the other, and hangs up each call as soon as it has begun."""

    def __init__(self, phone: Phone) -> None:
        self._phone = phone
        self._calls = 0

    @classmethod
    async def on(cls, phone: Phone) -> "Clicks":
        """Wait until ``phone`` listens for clicks."""
        await until_click_to_call_loaded(phone)
        await phone.page.evaluate(WATCH_CLICKS)
        return cls(phone)

    async def call(self, act: Awaitable[object]) -> str:
        """Assert that ``act`` makes one call and that the browser does not open the link; return the called number."""
        await act
        return await self._take_call()

    async def call_by_key(self, element: Locator) -> str:
        """Press Enter on ``element`` until it calls: the phone ignores a press right after another one."""

        async def has_called() -> bool:
            # An ignored press, too, starts the interval again.
            await asyncio.sleep(PRESS_INTERVAL_SECONDS)
            await element.press("Enter")
            return len(await self._phone.details("callStarted")) > self._calls

        await self._phone.until("a call by key", has_called)
        return await self._take_call()

    async def _take_call(self) -> str:
        self._calls += 1
        number: str = (await self._phone.until_event("callStarted", self._calls))["number"]
        await self._phone.hangup()
        await self._phone.until_state("completed")
        assert len(await self._phone.details("callStarted")) == self._calls
        assert await self._is_prevented(), "the browser would have opened the number in another program too"
        await self._phone.page.evaluate("() => { EpochPhone.reset(); EpochPhone.close(); }")
        return number

    async def assert_no_call(self, act: Awaitable[object]) -> None:
        """Assert that ``act`` makes no call; the next ``call`` also fails if a call came later."""
        await act
        assert len(await self._phone.details("callStarted")) == self._calls

    async def _is_prevented(self) -> bool:
        prevented: bool = await self._phone.page.evaluate("() => seen.at(-1).defaultPrevented")
        return prevented
