"""The call engine: one call from a browser, from the invite to its end, as a state machine without direct I/O.

Clock, timers, signalling and callbacks are the ``CallEnvironment``, audio is the ``Media``; neither blocks.
Events from outside arrive as method calls. A call that has ended ignores them.
"""

import logging
import secrets
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

from kit.e164 import is_e164
from sandbox import twiml_verbs
from sandbox.audio_source import AudioSource
from sandbox.audio_track import Samples
from sandbox.call_environment import CallEnvironment, OnDocument, Timer
from sandbox.call_errors import APPLICATION_ERROR, DECLINED, UNREACHED_ERRORS, CallError
from sandbox.callback_forms import (
    Form,
    dial_form,
    ended_form,
    failed_dial_form,
    status_form,
    voice_form,
)
from sandbox.document_runner import SECONDS_PER_WORD
from sandbox.legs import (
    Leg,
    Status,
    TokenIdentity,
    new_sid,
)
from sandbox.mailbox import Mailbox
from sandbox.media_interface import Media
from sandbox.redirected_leg import RedirectedLeg, concatenated
from sandbox.sandbox_numbers import Behaviour
from sandbox.script_clock import ScriptClock
from sandbox.simulation import DIAL_SETUP_SECONDS, SimulationSettings

RECORDED_ERROR_SECONDS = 3.0

logger = logging.getLogger(__name__)


class Call:
    """One call from a browser: the caller's leg, and the leg that its document dials."""

    def __init__(
        self,
        environment: CallEnvironment,
        simulation: SimulationSettings,
        caller: TokenIdentity,
        *,
        temporary_sid: str,
        params: dict[str, str],
        voice_url: str | None,
        status_url: str | None,
    ) -> None:
        self.caller = caller
        self.params = params
        self.temporary_sid = temporary_sid
        self.reattach_token = secrets.token_urlsafe(24)
        self.parent = Leg(new_sid("CA"), f"client:{caller.identity}", params.get("To", ""), environment.now())
        self.child: Leg | None = None
        self.redirected: RedirectedLeg | None = None
        """The dialled leg after it left the call to run another document."""
        self.recording_sid: str | None = None
        self.digits = ""
        self.media: Media | None = None
        self._environment = environment
        self._simulation = simulation
        self._voice_url = voice_url
        self._status_url = status_url
        self._verbs: deque[twiml_verbs.Verb] = deque()
        self._dial: twiml_verbs.Dial | None = None
        self._mailbox: Mailbox | None = None
        self._sid_is_known = False  # the browser does not know the carrier's SID before ringing or answer
        self._step_timer: Timer | None = None
        self._grace_timer: Timer | None = None

    @property
    def sid(self) -> str:
        return self.parent.sid

    @property
    def is_over(self) -> bool:
        return self.parent.is_over

    # Events from outside.

    def start(self, media: Media) -> None:
        """Request the application's document; the audio is negotiated."""
        if self.is_over:
            media.close()
            return
        self.media = media
        self.parent.status = Status.RINGING
        if self._voice_url is None:
            logger.warning("The application has no voice URL: the call ends")
            self._end(Status.FAILED, APPLICATION_ERROR)
            return
        form = voice_form(self.caller, self.parent, self.params)
        self._environment.fetch_document(self._voice_url, form, self._run_document)

    def reject(self, fault: CallError) -> None:
        """End a call that cannot start."""
        self._end_from_outside(Status.FAILED, fault)

    def hang_up(self) -> None:
        """The caller hung up."""
        self._end_from_outside(Status.NO_ANSWER)

    def complete(self) -> None:
        """The account ended the whole call by REST."""
        self._end_from_outside(Status.CANCELED)

    def redirect_leg(self, leg: Leg, document: str | Sequence[twiml_verbs.Verb]) -> bool:
        """The account redirected a dialled leg to another document; the call continues after its ``<Dial>``.

        Returns False when the sandbox cannot do that: ``leg`` is the browser's leg, or it is not answered.
        """
        if self.redirected is not None and leg is self.child:
            self.redirected.run(document)
            return True
        if leg is not self.child or leg.answered is None:
            return False
        self._cancel_step()
        self._play(AudioSource.SILENCE)
        recorded = None if self._mailbox is None else self._mailbox.stop()
        on_end = partial(self._end_redirected, recorded)
        account, speed = self.caller.account_sid, self._simulation.speed
        self.redirected = RedirectedLeg(leg, account, self._environment, speed, on_end)
        self.redirected.run(document)
        self._continue_after_dial(self._run_document)
        return True

    def complete_child(self) -> None:
        """The account ended the dialled leg by REST; the document continues after its ``<Dial>``."""
        if self.redirected is not None:
            self.redirected.end()
        elif self.child is not None and not self.child.is_over:
            self._end_child(Status.CANCELED)

    def complete_leg(self, leg: Leg) -> None:
        """The account ended ``leg`` by REST."""
        if leg is self.parent:
            self.complete()
        else:
            self.complete_child()

    def add_digits(self, digits: str) -> None:
        if not self.is_over:
            self.digits += digits

    def detach(self, grace_seconds: float) -> None:
        """The signalling socket closed; the call ends after ``grace_seconds`` unless the browser reconnects."""
        if not self.is_over:
            self._grace_timer = self._environment.call_later(grace_seconds, self.hang_up)

    def attach(self) -> None:
        """The browser reconnected: tell it that its call is alive."""
        self._cancel_grace()
        self._environment.send_signal("answer", {"callsid": self.sid, "reconnect": self.reattach_token})

    # The document.

    def _run_document(self, verbs: Sequence[twiml_verbs.Verb] | None) -> None:
        if self.is_over:
            return
        if verbs is None:
            self._fail_document()
            return
        self._verbs = deque(verbs)
        self._run_next_verb()

    def _run_next_verb(self) -> None:
        match self._verbs.popleft() if self._verbs else None:
            case twiml_verbs.Dial() as dial:
                self._start_dial(dial)
            case twiml_verbs.Say() as say:
                self._start_say(say.text)
            case twiml_verbs.Reject(busy) if self.parent.answered is None:
                self._end(Status.BUSY, UNREACHED_ERRORS[Status.BUSY] if busy else DECLINED)
            case None | twiml_verbs.Hangup() | twiml_verbs.Reject():
                self._finish_document()
            case other:
                logger.warning("The sandbox does not execute %s in calls from browsers: the call ends", other)
                self._finish_document()

    def _fail_document(self) -> None:
        """End the call, because the application's document could not be fetched or parsed."""
        switches = self._simulation.switches
        if switches.recorded_error and self.parent.answered is None:
            self._answer()
            self._play(AudioSource.TONES)
            self._schedule(RECORDED_ERROR_SECONDS / self._simulation.speed, self._finish_document)
            return
        code = switches.webhook_failure
        self._end(self._final_status(Status.FAILED), APPLICATION_ERROR if code is None else CallError(code, "Decline"))

    def _finish_document(self) -> None:
        """End the call after the last verb. A caller whose leg was not answered gets the dialled leg's reason."""
        reason = self.child.status if self.child is not None else Status.COMPLETED
        unanswered = self.parent.answered is None
        self._end(self._final_status(reason), UNREACHED_ERRORS.get(reason) if unanswered else None)

    def _start_say(self, text: str) -> None:
        self._answer()
        self._play(AudioSource.TONES)
        seconds = SECONDS_PER_WORD * max(1, len(text.split()))
        self._schedule(seconds / self._simulation.speed, self._finish_say)

    def _finish_say(self) -> None:
        self._play(AudioSource.SILENCE)
        self._run_next_verb()

    # The dialled leg.

    def _start_dial(self, dial: twiml_verbs.Dial) -> None:
        self._dial = dial
        if dial.first.number in self._simulation.switches.no_child:
            self._schedule(DIAL_SETUP_SECONDS / self._simulation.speed, self._fail_dial)
            return
        self.child = Leg(new_sid("CA"), dial.caller_id, dial.first.number, self._environment.now(), parent_sid=self.sid)
        self.child.status = Status.INITIATED
        if not dial.answer_on_bridge:
            self._answer()
        self._report_child("initiated")
        self._schedule(DIAL_SETUP_SECONDS / self._simulation.speed, self._reach_far_end)

    def _fail_dial(self) -> None:
        """End a ``<Dial>`` that made no dialled leg."""
        if self._dial is None:
            return
        code = self.parent.error_code = self._simulation.switches.no_child[self._dial.first.number]
        if self._dial.action is None:
            self._finish_document()
        else:
            form = failed_dial_form(self.caller, self.parent, code)
            self._environment.fetch_document(self._dial.action, form, self._run_document)

    def _reach_far_end(self) -> None:
        dial, child = self._current_dial()
        far_end = self._simulation.far_end(dial.first.number)
        if far_end.behaviour is Behaviour.FAILS or not is_e164(dial.first.number):
            self._end_child(Status.FAILED)
        elif far_end.behaviour is Behaviour.BUSY:
            self._end_child(Status.BUSY)
        else:
            child.status = Status.RINGING
            if self.parent.answered is None:
                self._sid_is_known = True
                self._environment.send_signal("ringing", {"callsid": self.sid})
            self._report_child("ringing")
            if far_end.behaviour is Behaviour.NEVER_ANSWERS or far_end.ring_seconds >= dial.ring_seconds:
                self._schedule(dial.ring_seconds / self._simulation.speed, lambda: self._end_child(Status.NO_ANSWER))
            else:
                self._schedule(far_end.ring_seconds / self._simulation.speed, self._answer_child)

    def _answer_child(self) -> None:
        dial, child = self._current_dial()
        far_end = self._simulation.far_end(dial.first.number)
        child.status = Status.IN_PROGRESS
        child.answered = self._environment.now()
        self._answer()
        if far_end.is_mailbox and self.media is not None:
            self._mailbox = Mailbox(self.media, ScriptClock(self._environment, self._simulation.speed))
            self._mailbox.answer()
        else:
            self._play(far_end.audio)
        self._report_child("answered")
        seconds = float(dial.limit_seconds)
        if far_end.hangs_up_after is not None:
            seconds = min(seconds, far_end.hangs_up_after / self._simulation.speed)
        self._schedule(seconds, lambda: self._end_child(Status.COMPLETED))

    def _end_child(self, status: Status) -> None:
        """End the dialled leg; the caller's leg continues with the document."""
        dial, _ = self._current_dial()
        self._close_child(status, is_reported=dial.action is None or not self._simulation.switches.action_first)
        self._play(AudioSource.SILENCE)
        self._continue_after_dial(self._report_late if self._simulation.switches.action_first else self._run_document)

    def _continue_after_dial(self, on_document: OnDocument) -> None:
        dial, child = self._current_dial()
        if dial.action is None:
            self._run_next_verb()
        else:
            self._environment.fetch_document(dial.action, dial_form(self.caller, self.parent, child), on_document)

    def _end_redirected(self, recorded: Samples | None, played: Samples) -> None:
        """Report the end of the redirected leg; its mailbox recorded the caller first, then what was played to it."""
        self._report_child("completed")
        self._store_mailbox_recording(None if self._mailbox is None else concatenated(recorded, played))

    def _store_mailbox_recording(self, samples: Samples | None) -> None:
        if samples is not None and self.child is not None:
            self.recording_sid = self._environment.store_mailbox_recording(self.child.sid, samples)

    def _report_late(self, verbs: Sequence[twiml_verbs.Verb] | None) -> None:
        """Report the dialled leg's end after the request for the next document."""
        self._report_child("completed")
        self._run_document(verbs)

    def _close_child(self, unanswered: Status, *, is_reported: bool = True) -> None:
        """Give the dialled leg its final status: ``completed`` if it was answered, else ``unanswered``."""
        _, child = self._current_dial()
        self._cancel_step()
        child.ended = self._environment.now()
        child.status = Status.COMPLETED if child.answered is not None else unanswered
        self._store_mailbox_recording(None if self._mailbox is None else self._mailbox.stop())
        if is_reported:
            self._report_child("completed")

    def _report_child(self, event: str) -> None:
        dial, child = self._current_dial()
        if dial.first.status_url is not None and event in dial.first.status_events:
            self._send_status(dial.first.status_url, status_form(self.caller, child, self._environment.now()))

    def _current_dial(self) -> tuple[twiml_verbs.Dial, Leg]:
        if self._dial is None or self.child is None:
            raise AssertionError
        return self._dial, self.child

    # The caller's leg.

    def _answer(self) -> None:
        if self.parent.answered is not None or self.media is None:
            return
        self.parent.status = Status.IN_PROGRESS
        self.parent.answered = self._environment.now()
        self._sid_is_known = True
        payload = {"callsid": self.sid, "sdp": self.media.answer, "reconnect": self.reattach_token}
        self._environment.send_signal("answer", dict(payload))

    def _end_from_outside(self, unanswered: Status, fault: CallError | None = None) -> None:
        """End the call in any state; its dialled leg ends as canceled or completed."""
        if self.is_over:
            return
        dial, child = self._dial, self.child
        was_dialling = child is not None and not child.is_over and self.redirected is None
        if was_dialling:
            self._close_child(Status.CANCELED)
        self._end(self._final_status(unanswered), fault)
        if was_dialling and dial is not None and dial.action is not None and child is not None:
            # The carrier requests the action also after a hang-up, and ignores the response.
            self._environment.fetch_document(
                dial.action, dial_form(self.caller, self.parent, child), self._run_document
            )

    def _final_status(self, unanswered: Status) -> Status:
        return Status.COMPLETED if self.parent.answered is not None else unanswered

    def _end(self, status: Status, fault: CallError | None = None) -> None:
        self._cancel_step()
        self._cancel_grace()
        has_begun = self.parent.status is not Status.QUEUED
        self.parent.status = status
        self.parent.ended = self._environment.now()
        is_parent_sid = self._sid_is_known or self._simulation.switches.hangup_sid == "parent"
        payload: dict[str, object] = {"callsid": self.sid if is_parent_sid else self.temporary_sid}
        if fault is not None:
            payload["error"] = {"code": fault.code, "message": fault.message}
        self._environment.send_signal("hangup", payload)
        if self.media is not None:
            self.media.close()
        if has_begun and self._status_url is not None:
            self._send_status(self._status_url, ended_form(self.caller, self.parent, self._environment.now()))

    def _send_status(self, url: str, form: Form) -> None:
        delay = self._simulation.switches.report_delay_seconds
        if delay:
            self._environment.call_later(delay, lambda: self._environment.send_status(url, form))
        else:
            self._environment.send_status(url, form)

    def _play(self, source: AudioSource) -> None:
        if self.media is not None:
            self.media.play(source)

    def _schedule(self, seconds: float, action: Callable[[], None]) -> None:
        """Schedule the call's next step; it replaces the step that was scheduled before."""
        self._cancel_step()
        self._step_timer = self._environment.call_later(seconds, action)

    def _cancel_step(self) -> None:
        if self._step_timer is not None:
            self._step_timer.cancel()
            self._step_timer = None

    def _cancel_grace(self) -> None:
        if self._grace_timer is not None:
            self._grace_timer.cancel()
            self._grace_timer = None
