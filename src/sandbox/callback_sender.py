"""Sends the carrier's signed requests to the product: status callbacks in order, and fetches of documents and audio."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import httpx
from twilio.request_validator import RequestValidator

from kit.tls import bundled_tls
from sandbox import twiml
from sandbox.audio_files import UnplayableAudioError, decode_audio
from sandbox.audio_track import Clip
from sandbox.call_environment import OnDocument
from sandbox.callback_forms import Form
from sandbox.twiml_verbs import Verb

TIMEOUT_SECONDS = 15.0
CONNECT_SECONDS = 5.0
FLUSH_SECONDS = 3.0
"""The wait for pending callbacks when the sandbox stops."""

logger = logging.getLogger(__name__)


class CallbackSender:
    """Sends callbacks; made inside the running event loop."""

    def __init__(self, auth_token: str) -> None:
        self._signer = RequestValidator(auth_token)
        timeout = httpx.Timeout(TIMEOUT_SECONDS, connect=CONNECT_SECONDS)
        self._client = httpx.AsyncClient(verify=bundled_tls(trust_env=False), timeout=timeout, trust_env=False)
        self._tasks: set[asyncio.Task[None]] = set()
        self._last: dict[str, asyncio.Task[None]] = {}

    def fetch(self, url: str, form: Form, on_document: OnDocument) -> None:
        """Request a document; ``on_document`` gets its verbs, or None when there is no usable document."""
        self._start(self._fetch(url, form, on_document))

    def fetch_audio(self, url: str, on_clip: Callable[[Clip | None], None]) -> None:
        """Request an audio file; ``on_clip`` gets None when it cannot be played."""
        self._start(self._fetch_audio(url, on_clip))

    def report(self, channel: str, url: str, form: Form) -> None:
        """Send a status callback, after the earlier ones on ``channel``."""
        task = self._start(self._deliver(self._last.get(channel), url, form))
        self._last[channel] = task
        task.add_done_callback(lambda done: self._forget(channel, done))

    async def close(self) -> None:
        """Wait a short time for pending callbacks."""
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

    async def _fetch(self, url: str, form: Form, on_document: OnDocument) -> None:
        on_document(await self._document(url, form))

    async def _fetch_audio(self, url: str, on_clip: Callable[[Clip | None], None]) -> None:
        on_clip(await self._audio(url))

    async def _audio(self, url: str) -> Clip | None:
        try:
            response = await self._client.get(url, headers=self._headers(url, {}))
            response.raise_for_status()
            return await asyncio.to_thread(decode_audio, response.content)
        except (httpx.HTTPError, httpx.InvalidURL, UnplayableAudioError) as error:
            logger.warning("An audio file cannot be played: %s", type(error).__name__)
            return None

    async def _document(self, url: str, form: Form) -> Sequence[Verb] | None:
        response = await self._post(url, form)
        if response is None:
            return None
        try:
            return twiml.parse(response.content, url)
        except twiml.TwimlError as error:
            logger.warning("The response to a callback is not TwiML: %s", error)
            return None

    async def _deliver(self, previous: asyncio.Task[None] | None, url: str, form: Form) -> None:
        if previous is not None:
            await asyncio.wait([previous])
        await self._post(url, form)

    async def _post(self, url: str, form: Form) -> httpx.Response | None:
        """The successful response, or None; tried once more when the connection was refused."""
        headers = self._headers(url, form)
        for tries_left in (1, 0):
            try:
                response = await self._client.post(url, data=form, headers=headers)
            except httpx.ConnectError:
                if tries_left:
                    continue
                logger.warning("A callback could not be delivered")
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                logger.warning("A callback got no answer: %s", type(error).__name__)
            else:
                if response.is_success:
                    return response
                logger.warning("A callback got the response status %s", response.status_code)
            return None
        return None

    def _headers(self, url: str, form: Form) -> dict[str, str]:
        return {
            "X-Twilio-Signature": self._signer.compute_signature(url, form),
            "User-Agent": "TwilioProxy/1.1",
            "I-Twilio-Idempotency-Token": secrets.token_hex(16),
        }
