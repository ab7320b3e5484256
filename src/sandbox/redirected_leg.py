"""The dialled leg of a browser's call after a redirect by REST: it has left the call and runs other TwiML documents."""

from collections.abc import Callable, Sequence

import numpy as np

from sandbox.audio_track import Samples
from sandbox.call_environment import CallEnvironment, OnDocument
from sandbox.callback_forms import Form, line_form
from sandbox.document_runner import DocumentRunner
from sandbox.legs import Leg, Status
from sandbox.line import Line, Stage
from sandbox.script_clock import ScriptClock
from sandbox.twiml_verbs import Dial, Record, Verb


class RedirectedLeg:
    """Runs documents on the leg, and ends the leg after the last one."""

    def __init__(
        self,
        leg: Leg,
        account_sid: str,
        environment: CallEnvironment,
        speed: float,
        on_end: Callable[[Samples], None],
    ) -> None:
        """``on_end`` gets the sound that the documents played to the leg."""
        self.line = Line(leg, ScriptClock(environment, speed))
        self.line.stage = Stage.ANSWERED
        self._account_sid, self._environment, self._on_end = account_sid, environment, on_end
        self._runner = DocumentRunner(self.line, self, environment)

    def run(self, document: str | Sequence[Verb]) -> None:
        """Run a document, given by its URL or its verbs."""
        self._runner.replace(document)

    def end(self) -> None:
        """End the leg, unless it has ended."""
        leg = self.line.leg
        if leg.is_over:
            return
        self._runner.stop()
        leg.status, leg.ended = Status.COMPLETED, self._environment.now()
        self.line.close()
        self._on_end(self.line.audio_to_person.samples(0, self.line.clock.seconds()))

    # Methods of ``DocumentHost``.

    def fetch(self, line: Line, url: str, extra: Form, on_document: OnDocument) -> None:
        self._environment.fetch_document(url, {**line_form(self._account_sid, line.leg), **extra}, on_document)

    def answer(self, line: Line) -> None:
        """Do nothing: the leg is answered already."""

    def reject(self, line: Line, *, busy: bool) -> None:
        self.end()

    def hang_up(self, line: Line) -> None:
        self.end()

    def finish(self, line: Line) -> None:
        self.end()

    def store_recording(self, line: Line, verb: Record, begin: float) -> Form | None:
        """Store nothing: the sandbox executes ``<Record>`` only for calls from outside."""
        return None

    def dial(self, line: Line, verb: Dial) -> None:
        self.end()


def concatenated(first: Samples | None, second: Samples) -> Samples:
    return second if first is None else np.concatenate((first, second))
