"""A phone that an incoming call is forwarded to: rings, is answered, behaves as its number says, ends."""

from collections.abc import Callable, Sequence
from typing import Protocol

from sandbox.audio_source import AudioSource
from sandbox.audio_track import BEEP, FAR_END, SPEECH, Sound
from sandbox.call_environment import Environment, Timer
from sandbox.caller_script import Step
from sandbox.document_runner import DocumentRunner
from sandbox.legs import Status
from sandbox.line import Line, Stage
from sandbox.number_script import DIAL_SETUP_SECONDS, E164
from sandbox.person import Person
from sandbox.test_numbers import BEEP_SECONDS, GREETING_SECONDS, Behaviour, FarEnd
from sandbox.twiml_verbs import DialledNumber, Verb

DECISION_SECONDS = 1.0
"""From the question of a document to the key."""


class PhoneEvents(Protocol):
    """The dial that the phone belongs to."""

    def report(self, phone: "CalledPhone", event: str) -> None:
        """A status callback is due."""
        ...

    def answered(self, phone: "CalledPhone") -> None: ...

    def ended(self, phone: "CalledPhone") -> None: ...


class CalledPhone:
    """One phone; ``call`` dials it."""

    def __init__(
        self, target: DialledNumber, line: Line, far: FarEnd, environment: Environment, events: PhoneEvents
    ) -> None:
        self.target, self.line = target, line
        self.runner: DocumentRunner | None = None
        self.was_connected = False
        self._far, self._environment, self._events = far, environment, events
        self._timer: Timer | None = None
        line.on_hang_up = self.end
        steps = (Step(until="gather"), Step(wait=DECISION_SECONDS), Step(press=far.presses)) if far.presses else ()
        self._person = Person(line, steps)

    def call(self, ring_seconds: float) -> None:
        """Dial; without an answer the phone rings for ``ring_seconds``."""
        self.line.leg.status = Status.INITIATED
        self._events.report(self, "initiated")
        self._later(DIAL_SETUP_SECONDS, lambda: self._reach(ring_seconds))

    def connect(self, heard: Sound) -> None:
        """Hear the caller from now on."""
        self.was_connected = True
        self.line.heard.play(heard)
        if self._far.presses:
            self._speak()
        self.line.enter(Stage.CONNECTED)

    def end(self, unanswered: Status = Status.CANCELED) -> None:
        """End the leg in any state; an answered one is completed."""
        leg = self.line.leg
        if leg.is_over:
            return
        self._stop_timer()
        if self.runner is not None:
            self.runner.stop()
        leg.status = Status.COMPLETED if leg.answered is not None else unanswered
        leg.ended = self._environment.now()
        self.line.close()
        self._events.ended(self)

    def redirect(self, runner: DocumentRunner, document: str | Sequence[Verb]) -> None:
        """Leave the dial, and run a document given by its URL or its verbs."""
        if self.runner is not None:
            self.runner.stop()
        self.line.heard.play(None)
        self.line.enter(Stage.ANSWERED)
        self.runner = runner
        runner.replace(document)

    def _reach(self, ring_seconds: float) -> None:
        far = self._far
        if far.behaviour is Behaviour.FAILS or not E164.fullmatch(self.target.number):
            self.end(Status.FAILED)
        elif far.behaviour is Behaviour.BUSY:
            self.end(Status.BUSY)
        else:
            self.line.leg.status = Status.RINGING
            self._events.report(self, "ringing")
            if far.behaviour is Behaviour.NEVER_ANSWERS or far.ring_seconds >= ring_seconds:
                self._later(ring_seconds, lambda: self.end(Status.NO_ANSWER))
            else:
                self._later(far.ring_seconds, self._answer)

    def _answer(self) -> None:
        self._stop_timer()
        self.line.leg.status = Status.IN_PROGRESS
        self.line.leg.answered = self._environment.now()
        self.line.enter(Stage.ANSWERED)
        self._person.start()
        if self._far.hangs_up_after is not None:
            self._later(self._far.hangs_up_after, self.end)
        elif not self._far.presses:
            self._speak()
        self._events.report(self, "answered")
        self._events.answered(self)

    def _speak(self) -> None:
        """Make the sound of the number."""
        if self._far.is_mailbox:
            self.line.spoken.play(SPEECH)
            self._later(GREETING_SECONDS, self._beep)
        elif self._far.audio is AudioSource.ECHO:
            self.line.spoken.play(self.line.heard)
        elif self._far.audio is AudioSource.TONES:
            self.line.spoken.play(FAR_END)

    def _beep(self) -> None:
        self.line.spoken.play(BEEP)
        self._later(BEEP_SECONDS, self._record)

    def _record(self) -> None:
        self.line.spoken.play(None)
        self.line.recorded_from = self.line.clock.seconds()

    def _later(self, seconds: float, action: Callable[[], None]) -> None:
        self._stop_timer()
        self._timer = self.line.clock.call_later(seconds, action)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
