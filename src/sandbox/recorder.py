"""Executes a ``<Record>`` verb on one line: from the beep until silence, a key, the maximum length or a hang-up."""

from collections.abc import Callable

from sandbox.audio_track import BEEP_TONE
from sandbox.call_environment import Timer
from sandbox.line import Line, Stage
from sandbox.twiml_verbs import Record

BEEP_SECONDS = 1.0


class Recorder:
    """Records the person on one line; ``on_end`` gets the key that ended the recording, or an empty string."""

    def __init__(self, verb: Record, line: Line, on_end: Callable[[str], None]) -> None:
        self.verb = verb
        self.begin: float | None = None
        """The recording's beginning, in seconds of the line's clock; None before the beep is over."""
        self._line, self._on_end = line, on_end
        self._timers: list[Timer] = []

    def start(self) -> None:
        if self.verb.plays_beep:
            self._line.audio_to_person.play(BEEP_TONE)
            self._schedule(BEEP_SECONDS, self._record)
        else:
            self._record()

    def take_key(self, key: str) -> None:
        if self.begin is not None and key in self.verb.finish_on_key:
            self._end(key)

    def stop(self) -> None:
        """Stop, without a call of ``on_end``."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    def _record(self) -> None:
        self._line.audio_to_person.play(None)
        self.begin = self._line.clock.seconds()
        self._schedule(self.verb.max_length, lambda: self._end(""))
        if self.verb.timeout:
            self._schedule(self.verb.timeout, self._check_silence)
        self._line.enter(Stage.RECORD)

    def _check_silence(self) -> None:
        now = self._line.clock.seconds()
        begin = now if self.begin is None else self.begin
        remaining = self.verb.timeout - (now - max(begin, self._line.audio_from_person.last_sound_end()))
        # Sums of seconds may differ from each other in the last digit.
        if remaining <= 0.001:
            self._end("")
        else:
            self._schedule(remaining, self._check_silence)

    def _end(self, key: str) -> None:
        self.stop()
        self._line.enter(Stage.ANSWERED)
        self._on_end(key)

    def _schedule(self, seconds: float, action: Callable[[], None]) -> None:
        self._timers.append(self._line.clock.call_later(seconds, action))
