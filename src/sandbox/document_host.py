"""The interface between a document that runs on a line and the call that the line belongs to."""

from typing import Protocol

from sandbox.call_environment import OnDocument
from sandbox.callback_forms import Form
from sandbox.line import Line
from sandbox.twiml_verbs import Dial, Record


class DocumentHost(Protocol):
    """The call whose line it is."""

    def fetch(self, line: Line, url: str, extra: Form, then: OnDocument) -> None:
        """Request a document for ``line``; ``extra`` are the fields beside the call's own."""
        ...

    def answer(self, line: Line) -> None:
        """Answer the line, unless it is answered."""
        ...

    def reject(self, line: Line, *, busy: bool) -> None: ...

    def hang_up(self, line: Line) -> None:
        """The document ends the leg."""
        ...

    def finish(self, line: Line) -> None:
        """The document has no verb left."""
        ...

    def keep_recording(self, line: Line, verb: Record, begin: float) -> Form | None:
        """Keep what was recorded since ``begin``; returns the fields about it, or None when it is empty."""
        ...

    def dial(self, line: Line, verb: Dial) -> None:
        """Dial from the caller's line; the runner's ``go_on`` follows."""
        ...
