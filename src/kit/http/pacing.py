"""Paces bursts of requests, so that a worker answers others between them."""

import asyncio
from collections import deque
from collections.abc import Hashable


class Pacing:
    """Lets one request of each key begin in each turn of the event loop; the rest waits in the order of arrival.

    Otherwise requests that arrive together all begin in the same turn, and nothing else happens until each of them
    waits for something.
    """

    def __init__(self) -> None:
        self._waiting: dict[Hashable, deque[asyncio.Future[None]]] = {}

    async def turn(self, key: Hashable) -> None:
        """Wait until no other request of ``key`` begins in the present turn. The first one does not wait."""
        loop = asyncio.get_running_loop()
        waiting = self._waiting.get(key)
        if waiting is None:
            self._waiting[key] = deque()
            loop.call_soon(self._next, key)
            return
        begins = loop.create_future()
        waiting.append(begins)
        await begins

    def _next(self, key: Hashable) -> None:
        waiting = self._waiting[key]
        while waiting:
            begins = waiting.popleft()
            if not begins.done():
                begins.set_result(None)
                asyncio.get_running_loop().call_soon(self._next, key)
                return
        del self._waiting[key]
