"""Cancels a request at a chosen await, as a shutdown or a time-out may do at any of them."""

import asyncio
from collections.abc import Awaitable, Generator
from typing import Any


class CancelledAt:
    """Awaits ``work`` and cancels the current task while ``work`` waits for the ``step``-th time, counted from 1."""

    def __init__(self, work: Awaitable[None], step: int) -> None:
        self._work = work
        self._step = step
        self.waits = 0
        """The number of waits of ``work`` so far."""

    def __await__(self) -> Generator[Any, Any, None]:
        task = asyncio.current_task()
        assert task is not None
        running = self._work.__await__()
        resume, value = running.send, None
        while True:
            try:
                waiting = resume(value)
            except StopIteration:
                return
            self.waits += 1
            if self.waits == self._step:
                asyncio.get_running_loop().call_soon(task.cancel)
            resume, value = running.send, None
            try:
                value = yield waiting
            except (Exception, asyncio.CancelledError) as error:
                resume, value = running.throw, error


class CancellingApp:
    """An ASGI application around ``app`` that cancels its next request at the await number ``step``."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.step = 0
        self.waits = 0
        """The awaits of the last request."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        work = CancelledAt(self._app(scope, receive, send), self.step)
        try:
            await work
        finally:
            self.waits = work.waits
