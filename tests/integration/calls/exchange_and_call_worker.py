"""A worker process that exchanges one token and places calls with it, for the revocation races.

Arguments: the token, its id, and the number of requests of each kind. Standard input and output are the protocol:

- Prints ``ready``. After a line of input it sends half of the requests, then prints ``under way``.
- Keeps sending until the next line of input, then sends the other half.
- Prints one JSON line for each request: kind, time of sending (nanoseconds of the monotonic clock, which all processes
  of the machine share), whether it was granted, and the call's id. Then prints ``done``.
- Runs its background jobs, which end calls, until standard input closes.
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
from support.asgi import asgi_transport
from support.callback_client import CallbackClient, new_sid
from support.widget_client import post_token

CONCURRENCY = 6
"""Concurrent requests of each kind; more would only wait for this process."""


class SentRequest(NamedTuple):
    kind: str
    sent: int
    granted: bool
    sid: str


class RequestSender:
    def __init__(self, client: httpx.AsyncClient, callbacks: CallbackClient, raw: str, token_id: UUID) -> None:
        self._client, self._callbacks, self._raw, self._token_id = client, callbacks, raw, token_id
        self.sent_requests: list[SentRequest] = []

    async def exchange(self) -> None:
        sent = time.monotonic_ns()
        answer = await post_token(self._client, self._raw)
        # 503: a busy machine did not answer within the time limit of the database, and granted nothing.
        assert answer.status_code in (200, 401, 403, 503), answer.text
        self.sent_requests.append(SentRequest("exchange", sent, answer.status_code == 200, ""))

    async def call(self) -> None:
        sid, sent = new_sid(), time.monotonic_ns()
        answer = await self._callbacks.outgoing(self._token_id, sid)
        assert answer.status_code == 200
        self.sent_requests.append(SentRequest("call", sent, b"<Dial " in answer.content, sid))

    async def send(self, times: int, until: asyncio.Event) -> None:
        """Send ``times`` requests of each kind, and more until the event is set; ``CONCURRENCY`` at a time."""
        left = times

        async def repeat() -> None:
            nonlocal left
            while left > 0 or not until.is_set():
                left -= 1
                # In pairs: exchanges are much quicker than calls, and would reach their rate limit.
                await asyncio.gather(self.exchange(), self.call())

        async with asyncio.TaskGroup() as group:
            for _ in range(CONCURRENCY):
                group.create_task(repeat())


async def main(raw: str, token_id: UUID, times: int) -> None:
    configure_logging(json=True)  # to standard error: standard output carries the protocol
    settings = load_settings(os.environ)
    app = create_app(settings)
    no_wait, stop = asyncio.Event(), asyncio.Event()
    no_wait.set()
    async with app.lifespan():
        transport = asgi_transport(app)
        async with httpx.AsyncClient(transport=transport, base_url=settings.public_url) as client:
            sender = RequestSender(client, CallbackClient(client, settings), raw, token_id)
            print_line("ready")
            await next_line()
            await sender.send(times // 2, no_wait)
            print_line("under way")

            async def listen() -> None:
                await next_line()
                stop.set()

            async with asyncio.TaskGroup() as group:
                group.create_task(listen())
                group.create_task(sender.send(0, stop))
            await sender.send(times - times // 2, no_wait)
            for request in sender.sent_requests:
                print_line(json.dumps(request))
            print_line("done")
            await next_line()


def print_line(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def next_line() -> None:
    await asyncio.to_thread(sys.stdin.readline)


asyncio.run(main(sys.argv[1], UUID(sys.argv[2]), int(sys.argv[3])))
