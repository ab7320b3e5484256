"""Click-to-call on a page: when it listens, and the calls of one page by several clicks."""

import asyncio
from collections.abc import Awaitable

from playwright.async_api import Locator

from support.browser.keys import ARMED_SECONDS
from support.browser.phone import Phone

WATCH_CLICKS = """() => {
    window.seen = [];
    for (const type of ["click", "keydown"]) window.addEventListener(type, (event) => seen.push(event), true);
}"""


async def until_listening(phone: Phone) -> None:
    """Until the part that listens for clicks is there: it makes numbers reachable after it began to listen."""
    await phone.until_event("ready")
    await phone.page.evaluate("() => document.body.append(Object.assign(document.createElement('i'), { id: 'probe' }))")
    await phone.page.evaluate("() => { document.getElementById('probe').dataset.phone = ''; }")
    await phone.page.locator("#probe[role=button]").wait_for(state="attached")
    await phone.page.evaluate("() => document.getElementById('probe').remove()")


class Clicks:
    """The calls of a page, one after the other; each is hung up as soon as it has begun."""

    def __init__(self, phone: Phone) -> None:
        self._phone = phone
        self._calls = 0

    @classmethod
    async def on(cls, phone: Phone) -> "Clicks":
        """Wait until ``phone`` listens for clicks."""
        await until_listening(phone)
        await phone.page.evaluate(WATCH_CLICKS)
        return cls(phone)

    async def call(self, act: Awaitable[object]) -> str:
        """``act`` calls, once, and the browser does nothing more; return the called number."""
        await act
        return await self._take_call()

    async def call_by_key(self, element: Locator) -> str:
        """Enter on ``element`` calls. It is pressed until then: a press right after another one does not count."""

        async def has_called() -> bool:
            # Also a press that does not count begins the wait again.
            await asyncio.sleep(ARMED_SECONDS)
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

    async def stay_quiet(self, act: Awaitable[object]) -> None:
        """``act`` does not call. The next call shows that nothing was still to come."""
        await act
        assert len(await self._phone.details("callStarted")) == self._calls

    async def _is_prevented(self) -> bool:
        prevented: bool = await self._phone.page.evaluate("() => seen.at(-1).defaultPrevented")
        return prevented
