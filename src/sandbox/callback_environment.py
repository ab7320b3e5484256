"""Implements ``Environment`` for calls in the running sandbox: clock and timers of the event loop, signed callbacks."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sandbox.audio_track import Clip
from sandbox.call_environment import OnDocument, Timer
from sandbox.callback_forms import Form
from sandbox.callback_sender import CallbackSender


class CallbackEnvironment:
    """The environment of one call; status callbacks on its ``channel`` keep their order."""

    def __init__(self, callbacks: CallbackSender, channel: str) -> None:
        self._callbacks = callbacks
        self._channel = channel
        self._loop = asyncio.get_running_loop()
        self._epoch = datetime.now(UTC) - timedelta(seconds=self._loop.time())

    def now(self) -> datetime:
        # From the event loop's clock, which corrections of the wall clock do not change.
        return self._epoch + timedelta(seconds=self._loop.time())

    def call_later(self, seconds: float, action: Callable[[], None]) -> Timer:
        return self._loop.call_later(seconds, action)

    def fetch_document(self, url: str, form: Form, on_document: OnDocument) -> None:
        self._callbacks.fetch(url, form, on_document)

    def fetch_audio(self, url: str, on_clip: Callable[[Clip | None], None]) -> None:
        self._callbacks.fetch_audio(url, on_clip)

    def send_status(self, url: str, form: Form) -> None:
        self._callbacks.report(self._channel, url, form)
