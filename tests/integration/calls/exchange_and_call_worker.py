"""A process with the application that exchanges a token and asks for calls until it is stopped.

Arguments: the token, its id, and how many of each. Says ``ready``, waits for a line, asks for half of them, says
``under way``, goes on until a line comes, and asks for the other half. Prints what happened: for each request what it
was, when it was sent (nanoseconds of the machine's monotonic clock, which all its processes share) and whether it was
granted; then ``done``. Lives on, ending calls as workers do, until its standard input ends.
"""

import asyncio
import json
import os
import sys
import time
from typing import NamedTuple
from uuid import UUID

import httpx

from epoch.app import create_app
from kit.log import configure_logging
from kit.settings import load_settings
from support.callback_client import CallbackClient, new_sid
from support.widget_client import ask

CONCURRENT_REQUESTS = 6
"""Of each kind; more would only wait for this process."""


class Asked(NamedTuple):
    kind: str
    sent: int
    granted: bool
    sid: str


class Asker:
    def __init__(self, client: httpx.AsyncClient, callbacks: CallbackClient, raw: str, token_id: UUID) -> None:
        self._client, self._callbacks, self._raw, self._token_id = client, callbacks, raw, token_id
        self.asked: list[Asked] = []

    async def exchange(self) -> None:
        sent = time.monotonic_ns()
        answer = await ask(self._client, self._raw)
        assert answer.status_code in (200, 401, 403), answer.text
        self.asked.append(Asked("exchange", sent, answer.status_code == 200, ""))

    async def call(self) -> None:
        sid, sent = new_sid(), time.monotonic_ns()
        answer = await self._callbacks.outgoing(self._token_id, sid)
        assert answer.status_code == 200
        self.asked.append(Asked("call", sent, b"<Dial " in answer.content, sid))

    async def go_on(self, times: int, until: asyncio.Event) -> None:
        """Ask ``times`` for both, and on, until the event; ``CONCURRENT_REQUESTS`` at the same time."""
        left = times

        async def repeat() -> None:
            nonlocal left
            while left > 0 or not until.is_set():
                left -= 1
                # In pairs: exchanges are so much quicker that they would run into their own limit.
                await asyncio.gather(self.exchange(), self.call())

        async with asyncio.TaskGroup() as group:
            for _ in range(CONCURRENT_REQUESTS):
                group.create_task(repeat())


async def main(raw: str, token_id: UUID, times: int) -> None:
    configure_logging(json=True)  # to the standard error: the other output is what is told
    settings = load_settings(os.environ)
    app = create_app(settings)
    always, reported = asyncio.Event(), asyncio.Event()
    always.set()
    async with app.lifespan():
        transport = httpx.ASGITransport(app)  # type: ignore[arg-type]  # as in conftest
        async with httpx.AsyncClient(transport=transport, base_url=settings.public_url) as client:
            asker = Asker(client, CallbackClient(client, settings), raw, token_id)
            say("ready")
            await next_line()
            await asker.go_on(times // 2, always)
            say("under way")

            async def listen() -> None:
                await next_line()
                reported.set()

            async with asyncio.TaskGroup() as group:
                group.create_task(listen())
                group.create_task(asker.go_on(0, reported))
            await asker.go_on(times - times // 2, always)
            for asked in asker.asked:
                say(json.dumps(asked))
            say("done")
            await next_line()


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def next_line() -> None:
    await asyncio.to_thread(sys.stdin.readline)


asyncio.run(main(sys.argv[1], UUID(sys.argv[2]), int(sys.argv[3])))
