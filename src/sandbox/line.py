"""A line: one telephone leg of a simulated call, with audio in both directions, pressed keys and executed TwiML verbs.

A browser's leg is not a line: its audio goes over WebRTC.
"""

from collections.abc import Callable
from enum import StrEnum

from sandbox.audio_track import Track
from sandbox.legs import Leg
from sandbox.script_clock import ScriptClock


class Stage(StrEnum):
    """The states of a line; scripts wait for them by these values."""

    RINGING = "ringing"
    ANSWERED = "answered"
    GATHER = "gather"
    RECORD = "record"
    CONNECTED = "connected"
    OVER = "over"


def _ignore_key(_: str) -> None:
    """Ignore a key that no verb gathers."""


class Line:
    """One leg with the audio in both directions, the pressed keys and the executed verbs."""

    def __init__(self, leg: Leg, clock: ScriptClock) -> None:
        self.leg = leg
        self.clock = clock
        self.audio_from_person = Track(clock.seconds)
        """The sound from the person at the end of the line."""
        self.audio_to_person = Track(clock.seconds)
        """The sound to that person."""
        self.digits = ""
        self.verbs: list[dict[str, object]] = []
        """The executed TwiML verbs."""
        self.stage = Stage.RINGING
        self.recorded_from: float | None = None
        """The beginning of a mailbox's recording, in seconds of the clock."""
        self.recording_sid: str | None = None
        self.on_key: Callable[[str], None] = _ignore_key
        self.on_hang_up: Callable[[], None] = lambda: None
        self.on_stage: Callable[[], None] = lambda: None

    def enter(self, stage: Stage) -> None:
        self.stage = stage
        self.on_stage()

    def press(self, key: str) -> None:
        """The person pressed a key."""
        self.digits += key
        self.on_key(key)

    def ignore_keys(self) -> None:
        self.on_key = _ignore_key

    def close(self) -> None:
        """Stop all sound, because the leg has ended."""
        self.ignore_keys()
        self.audio_from_person.play(None)
        self.audio_to_person.play(None)
        self.enter(Stage.OVER)
