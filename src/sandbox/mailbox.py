"""The voicemail mailbox of a number called from a browser: plays a greeting and a beep, then records the caller."""

from collections.abc import Callable

from sandbox.audio_source import AudioSource
from sandbox.audio_track import Samples
from sandbox.call_environment import Timer
from sandbox.media_interface import Media
from sandbox.sandbox_numbers import BEEP_SECONDS, GREETING_SECONDS
from sandbox.script_clock import ScriptClock


class Mailbox:
    """One mailbox; ``answer`` starts its greeting."""

    def __init__(self, media: Media, clock: ScriptClock) -> None:
        self._media, self._clock = media, clock
        self._timer: Timer | None = None

    def answer(self) -> None:
        self._media.play(AudioSource.TONES)
        self._schedule(GREETING_SECONDS, self._beep)

    def stop(self) -> Samples | None:
        """Stop, and return the browser's audio since the beep; None when the beep has not ended."""
        if self._timer is not None:
            self._timer.cancel()
        return self._media.take_recording()

    def _beep(self) -> None:
        self._media.play(AudioSource.BEEP)
        self._schedule(BEEP_SECONDS, self._record)

    def _record(self) -> None:
        self._timer = None
        self._media.play(AudioSource.SILENCE)
        self._media.start_recording()

    def _schedule(self, seconds: float, action: Callable[[], None]) -> None:
        self._timer = self._clock.call_later(seconds, action)
