"""A phone that an incoming call is forwarded to: rings, answers, behaves as its number prescribes, and ends."""

from collections.abc import Callable, Sequence
from typing import Protocol

from kit.e164 import is_e164
from sandbox.audio_source import AudioSource
from sandbox.audio_track import BEEP_TONE, FAR_END_TONE, SPEECH_TONE, Sound
from sandbox.call_environment import Environment, Timer
from sandbox.document_runner import DocumentRunner
from sandbox.legs import Status
from sandbox.line import Line, Stage
from sandbox.person import Person
from sandbox.person_script import Step
from sandbox.sandbox_numbers import BEEP_SECONDS, GREETING_SECONDS, Behaviour, FarEnd
from sandbox.simulation import DIAL_SETUP_SECONDS
from sandbox.twiml_verbs import DialledNumber, Verb

DECISION_SECONDS = 1.0
"""The time from a document's ``<Gather>`` to the key that the person presses."""


class PhoneEvents(Protocol):
    """Receives the reports of a called phone. The ``<Dial>`` that called it does."""

    def report(self, phone: "CalledPhone", event: str) -> None:
        """Send the status callback of ``event``, if the ``<Number>`` asks for it."""
        ...

    def answered(self, phone: "CalledPhone") -> None:
        """The phone was answered."""
        ...

    def ended(self, phone: "CalledPhone") -> None:
        """The phone's leg has ended."""
        ...


class CalledPhone:
    """One phone; ``call`` dials it."""

    def __init__(
        self, target: DialledNumber, line: Line, far_end: FarEnd, environment: Environment, events: PhoneEvents
    ) -> None:
        self.target, self.line = target, line
        self.runner: DocumentRunner | None = None
        self.was_connected = False
        self._far_end, self._environment, self._events = far_end, environment, events
        self._timer: Timer | None = None
        line.on_hang_up = self.end
        key_press = Step(until="gather"), Step(wait=DECISION_SECONDS), Step(press=far_end.presses)
        self._person = Person(line, key_press if far_end.presses else ())

    def call(self, ring_seconds: float) -> None:
        """Dial; without an answer the phone rings for ``ring_seconds``."""
        self.line.leg.status = Status.INITIATED
        self._events.report(self, "initiated")
        self._schedule(DIAL_SETUP_SECONDS, lambda: self._reach(ring_seconds))

    def connect(self, caller_sound: Sound) -> None:
        """Connect the phone with the caller: it hears ``caller_sound`` from now on."""
        self.was_connected = True
        self.line.audio_to_person.play(caller_sound)
        if self._far_end.presses:
            self._speak()
        self.line.enter(Stage.CONNECTED)

    def end(self, unanswered: Status = Status.CANCELED) -> None:
        """End the leg in any state, with the status ``completed`` if it was answered, else ``unanswered``."""
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
        """Leave the ``<Dial>``, and run a document given by its URL or its verbs."""
        if self.runner is not None:
            self.runner.stop()
        self.line.audio_to_person.play(None)
        self.line.enter(Stage.ANSWERED)
        self.runner = runner
        runner.replace(document)

    def _reach(self, ring_seconds: float) -> None:
        far_end = self._far_end
        if far_end.behaviour is Behaviour.FAILS or not is_e164(self.target.number):
            self.end(Status.FAILED)
        elif far_end.behaviour is Behaviour.BUSY:
            self.end(Status.BUSY)
        else:
            self.line.leg.status = Status.RINGING
            self._events.report(self, "ringing")
            if far_end.behaviour is Behaviour.NEVER_ANSWERS or far_end.ring_seconds >= ring_seconds:
                self._schedule(ring_seconds, lambda: self.end(Status.NO_ANSWER))
            else:
                self._schedule(far_end.ring_seconds, self._answer)

    def _answer(self) -> None:
        self._stop_timer()
        self.line.leg.status = Status.IN_PROGRESS
        self.line.leg.answered = self._environment.now()
        self.line.enter(Stage.ANSWERED)
        self._person.start()
        if self._far_end.hangs_up_after is not None:
            self._schedule(self._far_end.hangs_up_after, self.end)
        elif not self._far_end.presses:
            self._speak()
        self._events.report(self, "answered")
        self._events.answered(self)

    def _speak(self) -> None:
        """Play the sound that the number prescribes."""
        if self._far_end.is_mailbox:
            self.line.audio_from_person.play(SPEECH_TONE)
            self._schedule(GREETING_SECONDS, self._beep)
        elif self._far_end.audio is AudioSource.ECHO:
            self.line.audio_from_person.play(self.line.audio_to_person)
        elif self._far_end.audio is AudioSource.TONES:
            self.line.audio_from_person.play(FAR_END_TONE)

    def _beep(self) -> None:
        self.line.audio_from_person.play(BEEP_TONE)
        self._schedule(BEEP_SECONDS, self._record)

    def _record(self) -> None:
        self.line.audio_from_person.play(None)
        self.line.recorded_from = self.line.clock.seconds()

    def _schedule(self, seconds: float, action: Callable[[], None]) -> None:
        self._stop_timer()
        self._timer = self.line.clock.call_later(seconds, action)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
