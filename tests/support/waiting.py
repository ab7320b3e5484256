"""Waits for a condition that nothing announces."""

import asyncio
from collections.abc import Awaitable, Callable

PATIENCE_SECONDS = 30.0


async def until(holds: Callable[[], Awaitable[bool]] | Callable[[], bool], *, pause: float = 0.01) -> None:
    """Ask every ``pause`` seconds until the condition holds. Raises: TimeoutError."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            answer = holds()
            if answer if isinstance(answer, bool) else await answer:
                return
            await asyncio.sleep(pause)
