"""One call from outside to a number of the account: runs its TwiML documents, forwards it, records, and ends it."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sandbox.call_environment import Environment, OnDocument
from sandbox.callback_forms import Form, line_form, line_status_form
from sandbox.document_runner import DocumentRunner
from sandbox.forwarding import Forwarding
from sandbox.legs import Leg, Status, new_sid
from sandbox.line import Line, Stage
from sandbox.person import Person
from sandbox.person_script import Step
from sandbox.recording_reports import RecordingReports
from sandbox.recordings import Recordings
from sandbox.script_clock import ScriptClock
from sandbox.simulation import SimulationSettings
from sandbox.twiml_verbs import Dial, Record, Verb

HTTP_RETRIEVAL_FAILURE = "11200"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class VoiceRoute:
    """The callback URLs of a called number."""

    account_sid: str
    voice_url: str
    fallback_url: str = ""
    status_url: str = ""
    application_sid: str = ""
    api_url: str = ""
    """The base URL of the sandbox's REST API."""


@dataclass(frozen=True, slots=True)
class CallerInfo:
    """The caller, as the carrier reports them."""

    from_: str
    stir_verstat: str = ""


class IncomingCall:
    """One call; ``start`` rings."""

    def __init__(
        self,
        environment: Environment,
        route: VoiceRoute,
        caller: CallerInfo,
        to: str,
        steps: Sequence[Step],
        simulation: SimulationSettings,
        recordings: Recordings,
    ) -> None:
        self._environment, self._route, self._simulation, self._recordings = environment, route, simulation, recordings
        self._reports = RecordingReports(environment, recordings, route.account_sid, route.api_url, simulation.switches)
        fields = {"StirVerstat": caller.stir_verstat, "ApplicationSid": route.application_sid}
        self._caller_fields = {name: value for name, value in fields.items() if value}
        self.parent = Leg(new_sid("CA"), caller.from_, to, environment.now(), is_inbound=True)
        self.line = Line(self.parent, ScriptClock(environment, simulation.speed))
        self.line.on_hang_up = self.caller_hangs_up
        self._caller = Person(self.line, steps)
        self._runner = DocumentRunner(self.line, self, environment)
        self._phones: list[Line] = []
        self._forwarding: Forwarding | None = None

    @property
    def sid(self) -> str:
        return self.parent.sid

    @property
    def is_over(self) -> bool:
        return self.parent.is_over

    @property
    def lines(self) -> list[Line]:
        """The caller's line first."""
        return [self.line, *self._phones]

    def start(self) -> None:
        """Ring the number."""
        self.parent.status = Status.RINGING
        self._runner.request(self._route.voice_url, {})
        if self._caller.hangs_up_first:
            self._caller.start()

    def caller_hangs_up(self) -> None:
        self._end(Status.NO_ANSWER)

    def complete(self) -> None:
        """The account ended the whole call by REST."""
        self._end(Status.CANCELED)

    def complete_leg(self, leg: Leg) -> None:
        """The account ended ``leg`` by REST."""
        if leg is self.parent:
            self.complete()
        for line in self._phones:
            if line.leg is leg:
                line.on_hang_up()

    def redirect_leg(self, leg: Leg, document: str | Sequence[Verb]) -> bool:
        """The account redirected a leg to another document: a dialled leg leaves its ``<Dial>``, the caller's ends it.

        Returns False when the leg is not answered.
        """
        if leg.answered is None:
            return False
        if leg is self.parent:
            forwarding, self._forwarding = self._forwarding, None
            if forwarding is not None:
                forwarding.cancel()
            self.line.audio_to_person.play(None)
            self.line.enter(Stage.ANSWERED)
            self._runner.replace(document)
            return True
        forwarding = self._forwarding
        phones = [] if forwarding is None else [forwarding.phone(line) for line in self._phones if line.leg is leg]
        for phone in phones:
            if forwarding is not None and phone is not None:
                forwarding.redirect(phone, document)
                return True
        return False

    # Methods of ``DocumentHost``.

    def fetch(self, line: Line, url: str, extra: Form, on_document: OnDocument) -> None:
        """Request a document; when there is no usable one, request the number's fallback document."""
        form = {**self._form(line), **extra}
        self._environment.fetch_document(url, form, lambda verbs: self._fetched(line, url, form, verbs, on_document))

    def _fetched(self, line: Line, url: str, form: Form, verbs: Sequence[Verb] | None, on_document: OnDocument) -> None:
        if line.leg.is_over:
            return
        fallback = self._route.fallback_url
        if verbs is None and fallback and url != fallback:
            fields = {**form, "ErrorCode": HTTP_RETRIEVAL_FAILURE, "ErrorUrl": url}
            self._environment.fetch_document(
                fallback, fields, lambda verbs: self._fetched(line, fallback, form, verbs, on_document)
            )
            return
        # The caller's script begins with the number's first document.
        self._caller.start()
        on_document(verbs)

    def answer(self, line: Line) -> None:
        if line.leg.answered is None:
            line.leg.status = Status.IN_PROGRESS
            line.leg.answered = self._environment.now()
            line.enter(Stage.ANSWERED)

    def reject(self, line: Line, *, busy: bool) -> None:
        self._end(Status.BUSY if busy else Status.NO_ANSWER)

    def hang_up(self, line: Line) -> None:
        if line is self.line:
            self.answer(line)
            self._end(Status.COMPLETED)
        else:
            line.on_hang_up()

    def finish(self, line: Line) -> None:
        phone = None if self._forwarding is None else self._forwarding.phone(line)
        if self._forwarding is not None and phone is not None:
            self._forwarding.accept(phone)
        else:
            self.hang_up(line)

    def store_recording(self, line: Line, verb: Record, begin: float) -> Form | None:
        return self._reports.store(line, verb, begin)

    # Methods of ``ForwardingHost``.

    def dial(self, line: Line, verb: Dial) -> None:
        if line is not self.line:
            logger.warning("A document of a dialled leg cannot dial: the leg ends")
            self.hang_up(line)
            return
        self._forwarding = Forwarding(verb, self.line, self, self._environment, self._simulation)
        self._phones += self._forwarding.start()

    def dial_ended(self, result: Form, on_next_document: Callable[[], None]) -> None:
        forwarding, self._forwarding = self._forwarding, None
        action = None if forwarding is None else forwarding.dial.action
        if action is None:
            on_next_document()
        self._runner.continue_after_dial(action, result, on_next_document)

    def report(self, line: Line, url: str) -> None:
        self._send_status(url, self._status_form(line))

    def store_mailbox_recording(self, line: Line, begin: float) -> None:
        samples = line.audio_to_person.samples(begin, line.clock.seconds())
        recording = self._recordings.add(line.leg.sid, samples, begun=self._environment.now(), source="mailbox")
        line.recording_sid = recording.sid

    # The end.

    def _end(self, unanswered: Status) -> None:
        """End the call in any state; an answered one is completed."""
        if self.is_over:
            return
        requested = self._runner.stop()
        forwarding, self._forwarding = self._forwarding, None
        result = None if forwarding is None else forwarding.cancel()
        self.parent.status = Status.COMPLETED if self.parent.answered is not None else unanswered
        self.parent.ended = self._environment.now()
        self.line.close()
        self._send_status(self._route.status_url, self._status_form(self.line))
        if forwarding is not None and forwarding.dial.action is not None and result is not None:
            requested = (forwarding.dial.action, result)
        if requested is not None:
            # The carrier requests the action also after a hang-up, and ignores the response.
            action, fields = requested
            self._environment.fetch_document(action, {**self._form(self.line), **fields}, lambda _: None)

    def _form(self, line: Line) -> Form:
        form = line_form(self._route.account_sid, line.leg)
        return {**form, **self._caller_fields} if line is self.line else form

    def _status_form(self, line: Line) -> Form:
        form = line_status_form(self._route.account_sid, line.leg, self._environment.now())
        return {**form, **self._caller_fields} if line is self.line else form

    def _send_status(self, url: str, form: Form) -> None:
        if not url:
            return
        delay = self._simulation.switches.report_delay_seconds
        if delay:
            self._environment.call_later(delay, lambda: self._environment.send_status(url, form))
        else:
            self._environment.send_status(url, form)
