"""A ``<Dial>`` of an incoming call: calls phones at the same time, and connects the first phone that accepts.

A ``<Number>`` with a URL runs that document on its phone after the answer: the phone accepts the call unless the
document hangs up.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from sandbox.call_environment import Environment, Timer
from sandbox.callback_forms import Form, dial_result, failed_dial_result
from sandbox.called_phone import CalledPhone
from sandbox.document_host import DocumentHost
from sandbox.document_runner import DocumentRunner
from sandbox.legs import Leg, new_sid
from sandbox.line import Line, Stage
from sandbox.simulation import DIAL_SETUP_SECONDS, SimulationSettings
from sandbox.twiml_verbs import Dial, Verb


class ForwardingHost(DocumentHost, Protocol):
    """The methods that a ``Forwarding`` calls on its incoming call."""

    def report(self, line: Line, url: str) -> None:
        """Send the status callback of a called phone's line."""
        ...

    def store_mailbox_recording(self, line: Line, begin: float) -> None:
        """Store what the mailbox on ``line`` heard since ``begin``."""
        ...

    def dial_ended(self, result: Form, on_next_document: Callable[[], None]) -> None:
        """Continue after the dial; ``on_next_document`` is called when the response to its action has arrived."""
        ...


class Forwarding:
    """One ``<Dial>``."""

    def __init__(
        self, dial: Dial, caller: Line, host: ForwardingHost, environment: Environment, simulation: SimulationSettings
    ) -> None:
        self.dial = dial
        self._caller, self._host, self._environment, self._simulation = caller, host, environment, simulation
        self._phones: list[CalledPhone] = []
        self._connected: CalledPhone | None = None
        self._last_ended: CalledPhone | None = None
        self._phones_to_report: list[CalledPhone] = []
        """Ended phones whose last status callback is sent after the request that follows the dial."""
        self._limit: Timer | None = None
        self._is_over = False

    def start(self) -> Sequence[Line]:
        """Call the phones; returns their lines."""
        if not self.dial.answer_on_bridge:
            self._host.answer(self._caller)
        refused = self._simulation.switches.no_child
        for target in self.dial.numbers:
            if target.number not in refused:
                line = self._new_line(target.number)
                far_end = self._simulation.far_end(target.number)
                self._phones.append(CalledPhone(target, line, far_end, self._environment, self))
        if not self._phones:
            self._caller.leg.error_code = code = refused[self.dial.first.number]
            self._caller.clock.call_later(DIAL_SETUP_SECONDS, lambda: self._finish(failed_dial_result(code)))
        for phone in self._phones:
            phone.call(self.dial.ring_seconds)
        return [phone.line for phone in self._phones]

    def cancel(self) -> Form:
        """End all phones, because the caller's leg leaves the dial; returns the dial's result."""
        self._is_over = True
        for phone in list(self._phones):
            phone.end()
        self._stop_limit()
        return self._result()

    def phone(self, line: Line) -> CalledPhone | None:
        """The phone of ``line``; None when it is not in the dial."""
        return next((phone for phone in self._phones if phone.line is line), None)

    def accept(self, phone: CalledPhone) -> None:
        """Connect a phone whose document has ended without a hang-up."""
        self._connect(phone)

    def redirect(self, phone: CalledPhone, document: str | Sequence[Verb]) -> None:
        """Take an answered phone out of the dial, and run a document on it."""
        self._phones.remove(phone)
        self._last_ended = phone
        runner = DocumentRunner(phone.line, self._host, self._environment)
        phone.redirect(runner, document)
        if phone is self._connected or all(each.line.leg.is_over for each in self._phones):
            self._finish(self._result())

    # Methods of ``PhoneEvents``.

    def report(self, phone: CalledPhone, event: str) -> None:
        if phone.target.status_url is not None and event in phone.target.status_events:
            self._host.report(phone.line, phone.target.status_url)

    def answered(self, phone: CalledPhone) -> None:
        if self._simulation.switches.first_answer_ends_others:
            self._cancel_others(phone)
        if phone.target.url is None:
            self._connect(phone)
        else:
            phone.runner = DocumentRunner(phone.line, self._host, self._environment)
            phone.runner.request(phone.target.url, {})

    def ended(self, phone: CalledPhone) -> None:
        self._last_ended = phone
        if phone.line.recorded_from is not None:
            self._host.store_mailbox_recording(phone.line, phone.line.recorded_from)
        is_last = phone is self._connected or all(each.line.leg.is_over for each in self._phones)
        if is_last and not self._is_over and self._simulation.switches.action_first:
            self._phones_to_report.append(phone)
        else:
            self.report(phone, "completed")
        if is_last:
            self._finish(self._result())

    def _new_line(self, number: str) -> Line:
        now, parent = self._environment.now(), self._caller.leg
        leg = Leg(new_sid("CA"), self.dial.caller_id or parent.from_, number, now, parent_sid=parent.sid)
        return Line(leg, self._caller.clock)

    def _connect(self, phone: CalledPhone) -> None:
        self._connected = phone
        self._cancel_others(phone)
        self._host.answer(self._caller)
        self._caller.audio_to_person.play(phone.line.audio_from_person)
        phone.connect(self._caller.audio_from_person)
        self._caller.enter(Stage.CONNECTED)
        self._limit = self._environment.call_later(self.dial.limit_seconds, phone.end)

    def _cancel_others(self, phone: CalledPhone) -> None:
        for other in self._phones:
            if other is not phone:
                other.end()

    def _finish(self, result: Form) -> None:
        if self._is_over:
            return
        self._is_over = True
        self._stop_limit()
        self._caller.audio_to_person.play(None)
        if self._caller.stage is Stage.CONNECTED:
            self._caller.enter(Stage.ANSWERED)
        self._host.dial_ended(result, self._report_late)

    def _report_late(self) -> None:
        for phone in self._phones_to_report:
            self.report(phone, "completed")

    def _result(self) -> Form:
        """The form fields about the connected phone, or else about the phone that ended last."""
        phone = self._connected or self._last_ended
        if phone is None:
            return failed_dial_result(self._caller.leg.error_code or 0)
        status_if_not_connected = self._simulation.switches.unaccepted_dial_status
        return dial_result(
            phone.line.leg, was_connected=phone.was_connected, status_if_not_connected=status_if_not_connected
        )

    def _stop_limit(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
