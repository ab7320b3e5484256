"""The dialled leg of a call from a browser after it was given a document of its own: it has left the call."""

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
    """Runs documents on the leg until they end, and ends the leg."""

    def __init__(
        self,
        leg: Leg,
        account_sid: str,
        environment: CallEnvironment,
        speed: float,
        ended: Callable[[Samples], None],
    ) -> None:
        """``ended`` gets the sound that the leg heard from its documents."""
        self.line = Line(leg, ScriptClock(environment, speed))
        self.line.stage = Stage.ANSWERED
        self._account_sid, self._environment, self._ended = account_sid, environment, ended
        self._runner = DocumentRunner(self.line, self, environment)

    def run(self, document: str | Sequence[Verb]) -> None:
        """Run a document, given by its URL or its verbs."""
        self._runner.replace(document)

    def end(self) -> None:
        """End the leg."""
        leg = self.line.leg
        if leg.is_over:
            return
        self._runner.stop()
        leg.status, leg.ended = Status.COMPLETED, self._environment.now()
        self.line.close()
        self._ended(self.line.heard.samples(0, self.line.clock.seconds()))

    # The host of its documents.

    def fetch(self, line: Line, url: str, extra: Form, then: OnDocument) -> None:
        self._environment.fetch_document(url, {**line_form(self._account_sid, line.leg), **extra}, then)

    def answer(self, line: Line) -> None:
        """The leg is answered already."""

    def reject(self, line: Line, *, busy: bool) -> None:
        self.end()

    def hang_up(self, line: Line) -> None:
        self.end()

    def finish(self, line: Line) -> None:
        self.end()

    def keep_recording(self, line: Line, verb: Record, begin: float) -> Form | None:
        """The sandbox records callers from outside only."""
        return None

    def dial(self, line: Line, verb: Dial) -> None:
        self.end()


def joined(first: Samples | None, second: Samples) -> Samples:
    return second if first is None else np.concatenate((first, second))
