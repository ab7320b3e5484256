"""Holds a key down in a page, with the key repetition of a real keyboard."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from playwright.async_api import Page

REPEAT_SECONDS = 0.03
"""Keyboards repeat about 30 times a second."""
PRESS_INTERVAL_SECONDS = 0.6
"""After this time the phone accepts the next key press on buttons that start or end a call: 0.5 s and a margin."""
MIN_REPEATS = 10
"""Of each held key."""


class Key(NamedTuple):
    """A key in the terms of the Chrome DevTools Protocol."""

    key: str
    code: str
    number: int
    text: str


ENTER = Key("Enter", "Enter", 13, "\r")
SPACE = Key(" ", "Space", 32, " ")
FIVE = Key("5", "Digit5", 53, "5")


@asynccontextmanager
async def held(page: Page, key: Key) -> AsyncIterator[None]:
    """Hold ``key`` down in ``page`` during the ``async with`` block; it repeats from the start."""
    session = await page.context.new_cdp_session(page)
    event = {"key": key.key, "code": key.code, "windowsVirtualKeyCode": key.number}
    down = {**event, "type": "keyDown", "text": key.text}
    has_repeated = asyncio.Event()

    async def repeat() -> None:
        for count in itertools.count(1):
            await asyncio.sleep(REPEAT_SECONDS)
            await session.send("Input.dispatchKeyEvent", {**down, "autoRepeat": True})
            if count == MIN_REPEATS:
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
