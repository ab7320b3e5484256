"""Paces bursts of requests: starts one request per iteration of the event loop, so that other work runs in between."""

import asyncio
from collections import deque
from collections.abc import Hashable


class Pacing:
    """Lets one request of each key begin in each iteration of the event loop; others wait in the order of arrival.

    Otherwise all requests that arrive together begin in the same iteration, and no other work runs until each of them
    awaits something.
    """

    def __init__(self) -> None:
        self._waiters: dict[Hashable, deque[asyncio.Future[None]]] = {}

    async def wait(self, key: Hashable) -> None:
        """Wait until no other request of ``key`` begins in the present iteration. The first one does not wait."""
        loop = asyncio.get_running_loop()
        waiters = self._waiters.get(key)
        if waiters is None:
            self._waiters[key] = deque()
            loop.call_soon(self._start_next, key)
            return
        waiter = loop.create_future()
        waiters.append(waiter)
        await waiter

    def _start_next(self, key: Hashable) -> None:
        waiters = self._waiters[key]
        while waiters:
            waiter = waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                asyncio.get_running_loop().call_soon(self._start_next, key)
                return
        del self._waiters[key]
