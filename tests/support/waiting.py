"""Waits for a condition by polling."""

import asyncio
from collections.abc import Awaitable, Callable

PATIENCE_SECONDS = 30.0


async def wait_until(condition: Callable[[], Awaitable[bool]] | Callable[[], bool], *, pause: float = 0.01) -> None:
    """Check ``condition`` every ``pause`` seconds until it is true. Raises: TimeoutError."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            result = condition()
            if result if isinstance(result, bool) else await result:
                return
            await asyncio.sleep(pause)
