"""The world around a call: what the call engine may ask of it, and nothing of it blocks."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from sandbox.twiml import Verb
from sandbox.webhook_forms import Form


class Timer(Protocol):
    def cancel(self) -> None: ...


class World(Protocol):
    """What a call asks of everything around it."""

    def now(self) -> datetime:
        """UTC, never going back."""
        ...

    def later(self, seconds: float, action: Callable[[], None]) -> Timer: ...

    def signal(self, kind: str, payload: dict[str, object]) -> None:
        """Send one message to the browser."""
        ...

    def fetch(self, url: str, form: Form, then: Callable[[Sequence[Verb] | None], None]) -> None:
        """Ask a webhook what to do; ``then`` gets None when it gave no usable document."""
        ...

    def report(self, url: str, form: Form) -> None:
        """Deliver a status callback, in order with the others of this call."""
        ...
