"""Interfaces by which a simulated call uses the running sandbox: clock, timers, requests to the product, signalling.

No method blocks.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from sandbox.audio_track import Clip, Samples
from sandbox.callback_forms import Form
from sandbox.twiml_verbs import Verb

OnDocument = Callable[[Sequence[Verb] | None], None]
"""Gets a document's verbs, or None when there is no usable document."""


class Timer(Protocol):
    def cancel(self) -> None: ...


class Environment(Protocol):
    """Everything that a call without a browser uses outside itself."""

    def now(self) -> datetime:
        """UTC, monotonic."""
        ...

    def call_later(self, seconds: float, action: Callable[[], None]) -> Timer: ...

    def fetch_document(self, url: str, form: Form, on_document: OnDocument) -> None:
        """Request a TwiML document; ``on_document`` gets its verbs, or None when there is no usable document."""
        ...

    def fetch_audio(self, url: str, on_clip: Callable[[Clip | None], None]) -> None:
        """Request an audio file; ``on_clip`` gets None when there is no playable one."""
        ...

    def send_status(self, url: str, form: Form) -> None:
        """Send a status callback, after the earlier ones of this call."""
        ...


class CallEnvironment(Environment, Protocol):
    """Everything that a call from a browser uses outside itself."""

    def store_mailbox_recording(self, call_sid: str, samples: Samples) -> str:
        """Store what a mailbox recorded; returns the recording's SID."""
        ...

    def send_signal(self, kind: str, payload: dict[str, object]) -> None:
        """Send one message to the browser."""
        ...
