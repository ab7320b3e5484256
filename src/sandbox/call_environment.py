"""The interface between a call and its surroundings: clock, timers, signalling, callbacks. No method blocks."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from sandbox.callback_forms import Form
from sandbox.twiml import Verb


class Timer(Protocol):
    def cancel(self) -> None: ...


class CallEnvironment(Protocol):
    """Everything that a call uses outside itself."""

    def now(self) -> datetime:
        """UTC, monotonic."""
        ...

    def call_later(self, seconds: float, action: Callable[[], None]) -> Timer: ...

    def send_signal(self, kind: str, payload: dict[str, object]) -> None:
        """Send one message to the browser."""
        ...

    def fetch_document(self, url: str, form: Form, then: Callable[[Sequence[Verb] | None], None]) -> None:
        """Request a TwiML document; ``then`` gets None when there is no usable one."""
        ...

    def send_status(self, url: str, form: Form) -> None:
        """Deliver a status callback, in order with the others of this call."""
        ...
