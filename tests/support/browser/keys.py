"""A key that a person holds down, with the browser's own repetition."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from playwright.async_api import Page

REPEAT_SECONDS = 0.03
"""Keyboards repeat about 30 times a second."""
ARMED_SECONDS = 0.6
"""The panel takes no second key on the buttons that move a call before: half a second, and a little."""
REPEATS = 10
"""At least, of each held key."""


class Key(NamedTuple):
    """A key as the browser's protocol names it."""

    key: str
    code: str
    number: int
    text: str


ENTER = Key("Enter", "Enter", 13, "\r")
SPACE = Key(" ", "Space", 32, " ")
FIVE = Key("5", "Digit5", 53, "5")


@asynccontextmanager
async def held(page: Page, key: Key) -> AsyncIterator[None]:
    """Hold ``key`` down in ``page`` while the body runs; it repeats from the beginning."""
    session = await page.context.new_cdp_session(page)
    event = {"key": key.key, "code": key.code, "windowsVirtualKeyCode": key.number}
    down = {**event, "type": "keyDown", "text": key.text}
    has_repeated = asyncio.Event()

    async def repeat() -> None:
        for count in itertools.count(1):
            await asyncio.sleep(REPEAT_SECONDS)
            await session.send("Input.dispatchKeyEvent", {**down, "autoRepeat": True})
            if count == REPEATS:
                has_repeated.set()

    await session.send("Input.dispatchKeyEvent", down)
    repeating = asyncio.create_task(repeat())
    try:
        yield
        await has_repeated.wait()
    finally:
        repeating.cancel()
        await asyncio.gather(repeating, return_exceptions=True)
        await session.send("Input.dispatchKeyEvent", {**event, "type": "keyUp"})
        await session.detach()
