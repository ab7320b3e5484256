"""Requests to the product's webhooks: signed as the carrier signs them, in order for each call, never in its way."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import httpx
from twilio.request_validator import RequestValidator

from sandbox import twiml
from sandbox.webhook_forms import Form

TIMEOUT_SECONDS = 15.0
CONNECT_SECONDS = 5.0
FLUSH_SECONDS = 3.0
"""How long callbacks may still take when the sandbox stops."""

logger = logging.getLogger(__name__)

Obey = Callable[[Sequence[twiml.Verb] | None], None]


class Courier:
    """Delivers webhooks; must be built inside the running loop."""

    def __init__(self, auth_token: str) -> None:
        self._signer = RequestValidator(auth_token)
        timeout = httpx.Timeout(TIMEOUT_SECONDS, connect=CONNECT_SECONDS)
        self._client = httpx.AsyncClient(timeout=timeout, trust_env=False)
        self._tasks: set[asyncio.Task[None]] = set()
        self._last: dict[str, asyncio.Task[None]] = {}

    def fetch(self, url: str, form: Form, then: Obey) -> None:
        """Ask for a document; ``then`` gets its verbs, or None when there is no usable document."""
        self._start(self._fetch(url, form, then))

    def report(self, channel: str, url: str, form: Form) -> None:
        """Deliver ``form`` after everything reported on ``channel`` before."""
        task = self._start(self._deliver(self._last.get(channel), url, form))
        self._last[channel] = task
        task.add_done_callback(lambda done: self._forget(channel, done))

    async def close(self) -> None:
        """Let what is under way arrive, for a short while."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=FLUSH_SECONDS)
            for task in late:
                task.cancel()
        await self._client.aclose()

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _forget(self, channel: str, done: asyncio.Task[None]) -> None:
        if self._last.get(channel) is done:
            del self._last[channel]

    async def _fetch(self, url: str, form: Form, then: Obey) -> None:
        then(await self._document(url, form))

    async def _document(self, url: str, form: Form) -> Sequence[twiml.Verb] | None:
        answer = await self._post(url, form)
        if answer is None:
            return None
        try:
            return twiml.parse(answer.content, url)
        except twiml.TwimlError as error:
            logger.warning("A webhook answered something that is not TwiML: %s", error)
            return None

    async def _deliver(self, previous: asyncio.Task[None] | None, url: str, form: Form) -> None:
        if previous is not None:
            await asyncio.wait([previous])
        await self._post(url, form)

    async def _post(self, url: str, form: Form) -> httpx.Response | None:
        """The answer, None when there is none that is a success; one more try when the connection was refused."""
        headers = {
            "X-Twilio-Signature": self._signer.compute_signature(url, form),
            "User-Agent": "TwilioProxy/1.1",
            "I-Twilio-Idempotency-Token": secrets.token_hex(16),
        }
        for tries_left in (1, 0):
            try:
                answer = await self._client.post(url, data=form, headers=headers)
            except httpx.ConnectError:
                if tries_left:
                    continue
                logger.warning("A webhook could not be reached")
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                logger.warning("A webhook gave no answer: %s", type(error).__name__)
            else:
                if answer.is_success:
                    return answer
                logger.warning("A webhook answered %s", answer.status_code)
            return None
        return None
