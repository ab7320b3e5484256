"""The call engine: one call from the browser's invite to its end, as a state machine that does no input or output.

Everything outside (clock, timers, signalling, webhooks, audio) is the ``World`` and the ``Media`` given to it, none of
which blocks; what happens outside arrives as a method call. A call that is over ignores whatever still arrives.
"""

import logging
import re
import secrets
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sandbox import twiml
from sandbox.audio_source import Media, Sound
from sandbox.call_environment import Timer, World
from sandbox.legs import (
    Caller,
    Leg,
    Status,
    new_sid,
)
from sandbox.test_numbers import Behaviour, FarEnd
from sandbox.webhook_forms import (
    dial_form,
    ended_form,
    status_form,
    voice_form,
)

SETUP_SECONDS = 0.3
"""From dialling to the first sign of the far end."""
SECONDS_PER_WORD = 0.4
E164 = re.compile(r"\+[1-9][0-9]{6,14}")

logger = logging.getLogger(__name__)


class Fault(NamedTuple):
    """Why a call ends, in the codes of the browser's SDK."""

    code: int
    message: str


APPLICATION_ERROR = Fault(31000, "Application error")
DECLINED = Fault(31603, "Decline")
NOT_REACHED = {
    Status.BUSY: Fault(31486, "Busy Here"),
    Status.NO_ANSWER: Fault(31480, "Temporarily Unavailable"),
    Status.FAILED: Fault(31404, "Not Found"),
}


@dataclass(frozen=True, slots=True)
class Script:
    """What the sandbox's numbers do, and how fast; ``speed`` divides the waits of the script and nothing else."""

    far_end: Callable[[str], FarEnd]
    speed: float = 1.0


class Call:
    """One call."""

    def __init__(
        self,
        world: World,
        script: Script,
        caller: Caller,
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
        self.parent = Leg(new_sid("CA"), f"client:{caller.identity}", params.get("To", ""), world.now())
        self.child: Leg | None = None
        self.digits = ""
        self.media: Media | None = None
        self._world = world
        self._script = script
        self._voice_url = voice_url
        self._status_url = status_url
        self._verbs: deque[twiml.Verb] = deque()
        self._dial: twiml.Dial | None = None
        self._sid_is_known = False  # the browser ignores the carrier's SID until ringing or answer told it
        self._step: Timer | None = None
        self._grace: Timer | None = None

    @property
    def sid(self) -> str:
        return self.parent.sid

    @property
    def is_over(self) -> bool:
        return self.parent.is_over

    # What the outside tells a call.

    def begin(self, media: Media) -> None:
        """The audio is negotiated: ask the application what to do."""
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
        self._world.fetch(self._voice_url, form, self._obey)

    def refuse(self, fault: Fault) -> None:
        """The call cannot begin."""
        self._stop(Status.FAILED, fault)

    def hang_up(self) -> None:
        """The caller hung up."""
        self._stop(Status.NO_ANSWER)

    def complete(self) -> None:
        """The account ended the whole call by REST."""
        self._stop(Status.CANCELED)

    def complete_child(self) -> None:
        """The account ended the dialled leg by REST; the document goes on after its ``<Dial>``."""
        if self.child is not None and not self.child.is_over:
            self._child_ends(Status.CANCELED)

    def hear_digits(self, digits: str) -> None:
        if not self.is_over:
            self.digits += digits

    def detach(self, grace_seconds: float) -> None:
        """The signalling socket is gone; the call lives on for ``grace_seconds`` unless it comes back."""
        if not self.is_over:
            self._grace = self._world.later(grace_seconds, self.hang_up)

    def attach(self) -> None:
        """The browser is back: it learns that its call lives."""
        self._cancel_grace()
        self._world.signal("answer", {"callsid": self.sid, "reconnect": self.reattach_token})

    # The document.

    def _obey(self, verbs: Sequence[twiml.Verb] | None) -> None:
        if self.is_over:
            return
        if verbs is None:
            self._end(self._final_status(Status.FAILED), APPLICATION_ERROR)
            return
        self._verbs = deque(verbs)
        self._next_verb()

    def _next_verb(self) -> None:
        match self._verbs.popleft() if self._verbs else None:
            case twiml.Dial() as dial:
                self._dials(dial)
            case twiml.Say(text):
                self._says(text)
            case twiml.Reject(busy) if self.parent.answered is None:
                self._end(Status.BUSY, NOT_REACHED[Status.BUSY] if busy else DECLINED)
            case twiml.Unknown(name):
                logger.warning("The sandbox does not know the verb %s: the call ends", name)
                self._runs_out()
            case _:
                self._runs_out()

    def _runs_out(self) -> None:
        """Nothing more to do. A caller who was never answered is told why the dialled leg was not reached."""
        reason = self.child.status if self.child is not None else Status.COMPLETED
        unanswered = self.parent.answered is None
        self._end(self._final_status(reason), NOT_REACHED.get(reason) if unanswered else None)

    def _says(self, text: str) -> None:
        self._answer()
        self._play(Sound.TONES)
        seconds = SECONDS_PER_WORD * max(1, len(text.split()))
        self._wait(seconds / self._script.speed, self._said)

    def _said(self) -> None:
        self._play(Sound.SILENCE)
        self._next_verb()

    # The dialled leg.

    def _dials(self, dial: twiml.Dial) -> None:
        self._dial = dial
        self.child = Leg(new_sid("CA"), dial.caller_id, dial.number, self._world.now(), parent_sid=self.sid)
        self.child.status = Status.INITIATED
        if not dial.answer_on_bridge:
            self._answer()
        self._report_child("initiated")
        self._wait(SETUP_SECONDS / self._script.speed, self._reaches)

    def _reaches(self) -> None:
        dial, child = self._dialling()
        far = self._script.far_end(dial.number)
        if far.behaviour is Behaviour.FAILS or not E164.fullmatch(dial.number):
            self._child_ends(Status.FAILED)
        elif far.behaviour is Behaviour.BUSY:
            self._child_ends(Status.BUSY)
        else:
            child.status = Status.RINGING
            if self.parent.answered is None:
                self._sid_is_known = True
                self._world.signal("ringing", {"callsid": self.sid})
            self._report_child("ringing")
            if far.behaviour is Behaviour.NEVER_ANSWERS or far.ring_seconds >= dial.ring_seconds:
                self._wait(dial.ring_seconds / self._script.speed, lambda: self._child_ends(Status.NO_ANSWER))
            else:
                self._wait(far.ring_seconds / self._script.speed, self._child_answers)

    def _child_answers(self) -> None:
        dial, child = self._dialling()
        far = self._script.far_end(dial.number)
        child.status = Status.IN_PROGRESS
        child.answered = self._world.now()
        self._answer()
        self._play(far.sound)
        self._report_child("answered")
        seconds = float(dial.limit_seconds)
        if far.hangs_up_after is not None:
            seconds = min(seconds, far.hangs_up_after / self._script.speed)
        self._wait(seconds, lambda: self._child_ends(Status.COMPLETED))

    def _child_ends(self, status: Status) -> None:
        """The dialled leg is over; the caller's goes on with what the document says."""
        dial, child = self._dialling()
        self._close_child(status)
        self._play(Sound.SILENCE)
        if dial.action is None:
            self._next_verb()
        else:
            self._world.fetch(dial.action, dial_form(self.caller, self.parent, child), self._obey)

    def _close_child(self, unanswered: Status) -> None:
        """Give the dialled leg its final status: ``unanswered`` unless it was connected."""
        _, child = self._dialling()
        self._cancel_step()
        child.ended = self._world.now()
        child.status = Status.COMPLETED if child.answered is not None else unanswered
        self._report_child("completed")

    def _report_child(self, event: str) -> None:
        dial, child = self._dialling()
        if dial.status_url is not None and event in dial.status_events:
            self._world.report(dial.status_url, status_form(self.caller, child, self._world.now()))

    def _dialling(self) -> tuple[twiml.Dial, Leg]:
        if self._dial is None or self.child is None:
            raise AssertionError
        return self._dial, self.child

    # The caller's leg.

    def _answer(self) -> None:
        if self.parent.answered is not None or self.media is None:
            return
        self.parent.status = Status.IN_PROGRESS
        self.parent.answered = self._world.now()
        self._sid_is_known = True
        payload = {"callsid": self.sid, "sdp": self.media.answer, "reconnect": self.reattach_token}
        self._world.signal("answer", dict(payload))

    def _stop(self, unanswered: Status, fault: Fault | None = None) -> None:
        """End the call from outside, whatever it is doing; a dialled leg ends with it, as canceled or completed."""
        if self.is_over:
            return
        dial, child = self._dial, self.child
        was_dialling = child is not None and not child.is_over
        if was_dialling:
            self._close_child(Status.CANCELED)
        self._end(self._final_status(unanswered), fault)
        if was_dialling and dial is not None and dial.action is not None and child is not None:
            # The carrier tells the action even then; there is nobody left to obey its answer.
            self._world.fetch(dial.action, dial_form(self.caller, self.parent, child), self._obey)

    def _final_status(self, unanswered: Status) -> Status:
        return Status.COMPLETED if self.parent.answered is not None else unanswered

    def _end(self, status: Status, fault: Fault | None = None) -> None:
        self._cancel_step()
        self._cancel_grace()
        has_begun = self.parent.status is not Status.QUEUED
        self.parent.status = status
        self.parent.ended = self._world.now()
        payload: dict[str, object] = {"callsid": self.sid if self._sid_is_known else self.temporary_sid}
        if fault is not None:
            payload["error"] = {"code": fault.code, "message": fault.message}
        self._world.signal("hangup", payload)
        if self.media is not None:
            self.media.close()
        if has_begun and self._status_url is not None:
            self._world.report(self._status_url, ended_form(self.caller, self.parent, self._world.now()))

    def _play(self, sound: Sound) -> None:
        if self.media is not None:
            self.media.play(sound)

    def _wait(self, seconds: float, action: Callable[[], None]) -> None:
        """Do ``action`` next, unless the call moves on before; a call waits for one thing at a time."""
        self._cancel_step()
        self._step = self._world.later(seconds, action)

    def _cancel_step(self) -> None:
        if self._step is not None:
            self._step.cancel()
            self._step = None

    def _cancel_grace(self) -> None:
        if self._grace is not None:
            self._grace.cancel()
            self._grace = None
