"""The behaviour of the sandbox's test numbers: answer, busy, no answer, failure, and the audio they play."""

from enum import StrEnum
from typing import NamedTuple

from sandbox.audio_source import AudioSource


class Behaviour(StrEnum):
    ANSWERS = "answers"
    BUSY = "busy"
    NEVER_ANSWERS = "never answers"
    FAILS = "fails"


class FarEnd(NamedTuple):
    """The behaviour of a called number; waits are in seconds at speed 1."""

    behaviour: Behaviour = Behaviour.ANSWERS
    audio: AudioSource = AudioSource.ECHO
    ring_seconds: float = 2.0
    hangs_up_after: float | None = None


DEFAULT_FAR_END = FarEnd()
TEST_NUMBERS = {
    "+12125550102": FarEnd(Behaviour.BUSY),
    "+12125550103": FarEnd(Behaviour.NEVER_ANSWERS),
    "+12125550104": FarEnd(Behaviour.FAILS),
    "+12125550105": FarEnd(hangs_up_after=3.0),
    "+12125550106": FarEnd(audio=AudioSource.TONES),
}


def far_end_of(number: str) -> FarEnd:
    """The behaviour of ``number``; unlisted numbers answer and echo."""
    return TEST_NUMBERS.get(number, DEFAULT_FAR_END)
