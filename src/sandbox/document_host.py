"""``DocumentHost``: interface by which the runner of TwiML documents acts on a call: answer, dial, record, hang up."""

from typing import Protocol

from sandbox.call_environment import OnDocument
from sandbox.callback_forms import Form
from sandbox.line import Line
from sandbox.twiml_verbs import Dial, Record


class DocumentHost(Protocol):
    """The call to which the lines belong."""

    def fetch(self, line: Line, url: str, extra: Form, on_document: OnDocument) -> None:
        """Request a document for ``line``; the form has the call's fields and ``extra``."""
        ...

    def answer(self, line: Line) -> None:
        """Answer the line, unless it is answered."""
        ...

    def reject(self, line: Line, *, busy: bool) -> None:
        """End the call without an answer."""
        ...

    def hang_up(self, line: Line) -> None:
        """End the leg, because its document says so."""
        ...

    def finish(self, line: Line) -> None:
        """Continue after the last verb of a document: end the leg, or connect a screened phone."""
        ...

    def store_recording(self, line: Line, verb: Record, begin: float) -> Form | None:
        """Store what was recorded since ``begin``; returns its form fields, or None when nothing was said."""
        ...

    def dial(self, line: Line, verb: Dial) -> None:
        """Dial from the caller's line; at the end of the dial call the runner's ``continue_after_dial``."""
        ...
